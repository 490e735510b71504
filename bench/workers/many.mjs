// The edge alone, in front of a KV that has every link there could be: `node many.mjs '{"sink": port}'`.
// Prints "ready" once it answers.

import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { guardChildren } from "../../deploy/local/edge_runner/guard.mjs";
import { options } from "../../deploy/local/edge_runner/workers.mjs";
import { readSettings } from "../../deploy/local/edge_runner/settings.mjs";

const { sink } = JSON.parse(process.argv[2]);
const taker = http.createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(202).end("{}"));
});
await new Promise((resolve) => taker.listen(sink, "127.0.0.1", resolve));

const settings = readSettings(path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../.."));
const all = options(settings);
const edge = all.workers[0];
delete edge.kvNamespaces;
edge.wrappedBindings.LINKS = "every-link";
const contents = `
export default function () {
    return {
        async get(key) {
            if (key.endsWith("/") || key.startsWith("/")) return null; // domains and the change feed
            return "1.1.1.1.https://www.example.com/a/destination/of/usual/length?for=" + encodeURIComponent(key);
        },
    };
}`;
all.workers.push({ name: "every-link", modules: [{ type: "ESModule", path: "every_link.mjs", contents }] });
guardChildren(() => process.exit(1));
const miniflare = new Miniflare(all);
await miniflare.ready;
await fetch(`http://127.0.0.1:${settings.edgePort}/readyz`).then((answer) => answer.text());
console.log("ready");
process.stdin.resume().on("end", () => miniflare.dispose().then(() => process.exit(0)));
