// What the runner is told: the environment (and `.env`), the home's secrets, and wrangler.toml for everything of the Worker.

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { parse } from "smol-toml";

// The pinned workerd knows no later date and none of the flags that came after it.
const LAST_DATE = "2024-11-06";
const LATER_FLAGS = new Set(["disable_python_no_global_handlers"]);

export class CannotStart extends Error {}

/** The settings, frozen. Throws CannotStart with a sentence that says what to do. */
export function readSettings(root, env = process.env) {
    const get = (name, otherwise) => env[`NEARHOP_${name}`] || otherwise;
    const home = path.resolve(get("HOME", ".nearhop"));
    const secrets = localSecrets(home);
    const originPort = port("ORIGIN_PORT", get("ORIGIN_PORT", "8000"));
    return Object.freeze({
        root,
        home,
        host: get("HOST", "127.0.0.1"),
        edgePort: port("EDGE_PORT", get("EDGE_PORT", "8787")),
        kvApiPort: port("KV_API_PORT", get("KV_API_PORT", "8788")),
        originUrl: get("ORIGIN_URL", `http://127.0.0.1:${originPort}`),
        edgeSecret: get("EDGE_SECRET", secrets.edge_secret),
        kvApiToken: get("CLOUDFLARE_API_TOKEN", env.CLOUDFLARE_API_TOKEN || secrets.kv_api_token),
        account: get("CLOUDFLARE_ACCOUNT_ID", env.CLOUDFLARE_ACCOUNT_ID || "local"),
        namespace: get("CLOUDFLARE_KV_NAMESPACE_ID", env.CLOUDFLARE_KV_NAMESPACE_ID || "nearhop-links"),
        queueBytes: bytes("EDGE_QUEUE_BYTES", get("EDGE_QUEUE_BYTES", "1000000000")),
        defaultDomain: get("DEFAULT_DOMAIN", "localhost"),
    });
}

function port(name, text) {
    const number = Number(text);
    if (Number.isInteger(number) && number > 0 && number < 65536) return number;
    throw new CannotStart(`NEARHOP_${name} is '${text}', but it takes a port from 1 to 65535.`);
}

function bytes(name, text) {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new CannotStart(`NEARHOP_${name} is '${text}', but it takes a number of bytes.`);
}

/** As shared/home.py: made by whoever comes first, never replaced. */
function localSecrets(home) {
    fs.mkdirSync(home, { recursive: true });
    const file = path.join(home, "secrets.json");
    if (!fs.existsSync(file)) {
        const names = ["secret_key", "edge_secret", "kv_api_token"];
        const made = Object.fromEntries(names.map((name) => [name, randomBytes(32).toString("base64url")]));
        const temporary = `${file}.${process.pid}`;
        fs.writeFileSync(temporary, JSON.stringify(made, null, 2) + "\n", { mode: 0o600, flush: true });
        try {
            fs.linkSync(temporary, file);
        } catch (error) {
            if (error.code !== "EEXIST") throw error;
        }
        fs.unlinkSync(temporary);
    }
    return JSON.parse(fs.readFileSync(file, "utf8"));
}

/** The Worker as wrangler.toml declares it, in the words of the runtime on this machine. */
export function readWorker(settings, env = process.env) {
    const config = parse(fs.readFileSync(path.join(settings.root, "wrangler.toml"), "utf8"));
    const vars = { ...config.vars };
    for (const name of Object.keys(vars)) vars[name] = env[`NEARHOP_EDGE_${name}`] || vars[name];
    return {
        main: env.NEARHOP_EDGE_MAIN || config.main,
        compatibilityDate: config.compatibility_date < LAST_DATE ? config.compatibility_date : LAST_DATE,
        compatibilityFlags: config.compatibility_flags.filter((flag) => !LATER_FLAGS.has(flag)),
        // Where links lead from here, and who may see the metrics: what a machine of one's own differs in.
        bindings: {
            ...vars,
            ORIGIN_URL: settings.originUrl,
            DEFAULT_DOMAIN: settings.defaultDomain,
            EDGE_SECRET: settings.edgeSecret,
            OPEN_METRICS: "yes",
        },
        kvBindings: config.kv_namespaces.map((each) => each.binding),
        queueBindings: config.queues.producers.map((each) => each.binding),
    };
}
