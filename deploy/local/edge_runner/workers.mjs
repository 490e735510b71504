// The three workers of the local runtime, as miniflare's options.

import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { workerModules } from "./modules.mjs";
import { readWorker } from "./settings.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DATE = "2024-11-06";
// What Pyodide says of its own packages at each start, and workerd of each client that hung up on it.
const NOISE = /^(Loading|Loaded)\s*$|: disconnected: |^stack: |Not symbolizing stack traces/;

/** Without a `queue` the edge has none, and keeps in memory what origin does not take. */
export function options(settings, queue = null) {
    return {
        host: "127.0.0.1",
        port: 0, // miniflare's own entrance, which nobody uses: each worker below listens by itself, one hop less
        kvPersist: path.join(settings.home, "kv"),
        handleRuntimeStdio: passOn,
        workers: [edge(settings, queue), kvApi(settings), ...(queue ? [queueBinding(queue)] : [])],
    };
}

function edge(settings, queue) {
    const worker = readWorker(settings);
    return {
        name: "edge",
        modules: workerModules(settings.root, worker.main),
        compatibilityDate: worker.compatibilityDate,
        compatibilityFlags: worker.compatibilityFlags,
        bindings: worker.bindings,
        kvNamespaces: Object.fromEntries(worker.kvBindings.map((name) => [name, settings.namespace])),
        wrappedBindings: Object.fromEntries(queue ? worker.queueBindings.map((name) => [name, "queue"]) : []),
        unsafeDirectSockets: [{ host: settings.host, port: settings.edgePort }],
    };
}

function kvApi(settings) {
    return {
        name: "kv-api",
        modules: [script("kv_api.mjs")],
        compatibilityDate: DATE,
        bindings: { API_TOKEN: settings.kvApiToken, ACCOUNT: settings.account, NAMESPACE: settings.namespace },
        kvNamespaces: { KV: settings.namespace },
        unsafeDirectSockets: [{ host: settings.host, port: settings.kvApiPort }],
    };
}

function queueBinding(queue) {
    return {
        name: "queue",
        modules: [script("queue_binding.mjs")],
        bindings: { TOKEN: queue.token },
        serviceBindings: { STORE: { external: { address: queue.address, http: {} } } },
    };
}

function script(name) {
    return { type: "ESModule", path: name, contents: fs.readFileSync(path.join(HERE, name), "utf8") };
}

function passOn(stdout, stderr) {
    for (const [stream, out] of [[stdout, process.stdout], [stderr, process.stderr]]) {
        createInterface({ input: stream }).on("line", (line) => NOISE.test(line) || out.write(`${line}\n`));
    }
}
