// The edge on this machine: the Worker and Cloudflare's KV API in one workerd, and the queue behind them on disk.

import net from "node:net";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { guardChildren } from "./guard.mjs";
import { Queue } from "./queue.mjs";
import { CannotStart, readSettings } from "./settings.mjs";
import { signed } from "./signing.mjs";
import { options } from "./workers.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const FLUSH_TIMEOUT_MS = 2_500; // the supervisor gives the edge four seconds

/** A log line, in the two forms of shared/log_line.py. */
function say(event, fields = {}) {
    if (process.env.NEARHOP_LOG_FORMAT !== "text") return console.log(JSON.stringify({ event, ...fields }));
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    console.log(`${new Date().toISOString().slice(11, 19)} ${event}${rest.join("")}`);
}

async function checkPort(host, port, name) {
    await new Promise((resolve, reject) => {
        const server = net.createServer().once("error", reject);
        server.listen({ host, port, exclusive: true }, () => server.close(resolve));
    }).catch((error) => {
        if (error.code !== "EADDRINUSE") throw new CannotStart(`Cannot listen on ${host}:${port}: ${error.message}.`);
        throw new CannotStart(`Port ${port} is taken: end what listens there, or set ${name} to a free port.`);
    });
}

function edgeUrl(settings, pathname) {
    const host = settings.host === "0.0.0.0" ? "127.0.0.1" : settings.host;
    return `http://${host}:${settings.edgePort}${pathname}`;
}

/** A signed call to the Worker. */
async function call(settings, method, pathname, body, milliseconds) {
    const headers = signed(settings.edgeSecret, method, pathname, body);
    const signal = AbortSignal.timeout(milliseconds);
    return fetch(edgeUrl(settings, pathname), { method, headers, body, signal });
}

async function deliver(settings, message) {
    const answer = await call(settings, "POST", "/_nearhop/deliver", message, 10_000);
    return { 202: "taken", 422: "refused" }[answer.status] ?? "later";
}

async function stop(settings, miniflare, queue, guard) {
    queue.stop();
    try {
        const answer = await call(settings, "POST", "/_nearhop/flush", "", FLUSH_TIMEOUT_MS);
        say("edge stopped", await answer.json());
    } catch (error) {
        say("edge stopped without handing over its clicks", { error: String(error) });
    }
    guard.expectEnd();
    await miniflare.dispose();
    process.exit(0);
}

async function main() {
    if (fs.existsSync(".env")) process.loadEnvFile?.(".env");
    const settings = readSettings(ROOT);
    await checkPort(settings.host, settings.edgePort, "NEARHOP_EDGE_PORT");
    await checkPort(settings.host, settings.kvApiPort, "NEARHOP_KV_API_PORT");
    const folder = path.join(settings.home, "queue");
    const queue = await new Queue(folder, (message) => deliver(settings, message), settings.queueBytes, say).open();
    const guard = guardChildren((how) => {
        console.error(`workerd ended by itself (${how})`);
        process.exit(1);
    });
    const { Miniflare } = await import("miniflare"); // after the guard took over what it spawns with
    const miniflare = new Miniflare(options(settings, queue));
    await miniflare.ready;
    let stopping = false;
    for (const signal of ["SIGTERM", "SIGINT"]) {
        process.removeAllListeners(signal); // miniflare's own would exit at once, with the clicks
        process.on(signal, () => {
            if (!stopping) stop(settings, miniflare, queue, guard);
            stopping = true;
        });
    }
    await fetch(edgeUrl(settings, "/readyz")); // loads Python, so that the first visitor does not wait for it
    say("edge ready", { edge: edgeUrl(settings, "/"), kv_api: `http://${settings.host}:${settings.kvApiPort}` });
    await queue.consume();
}

main().catch((error) => {
    console.error(error instanceof CannotStart ? error.message : error);
    process.exit(1);
});
