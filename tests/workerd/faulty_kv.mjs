// The edge as its runner starts it, but for KV: that is asked of a server of the test's, which may be slow or fail.
// `node faulty_kv.mjs http://127.0.0.1:PORT`

import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare, Response } from "miniflare";

import { guardChildren } from "../../deploy/local/edge_runner/guard.mjs";
import { options } from "../../deploy/local/edge_runner/workers.mjs";
import { readSettings } from "../../deploy/local/edge_runner/settings.mjs";

const store = process.argv[2];
const settings = readSettings(path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../.."));
const all = options(settings);
const binding = `
export default function (env) {
    return {
        async get(key) {
            const answer = await env.STORE.fetch("http://kv/", { method: "POST", body: key });
            if (answer.status === 500) throw new Error("KV GET failed: 500");
            return answer.status === 404 ? null : answer.text();
        },
    };
}`;
const edge = all.workers[0];
delete edge.kvNamespaces;
edge.wrappedBindings.LINKS = "kv";
all.workers.push({
    name: "kv",
    modules: [{ type: "ESModule", path: "kv.mjs", contents: binding }],
    serviceBindings: {
        async STORE(request) {
            const answer = await fetch(store, { method: "POST", body: await request.text() });
            return new Response(await answer.text(), { status: answer.status });
        },
    },
});
guardChildren(() => process.exit(1)); // workerd ends with this process, however that ends
const miniflare = new Miniflare(all);
await miniflare.ready;
process.on("SIGTERM", () => miniflare.dispose().then(() => process.exit(0)));
