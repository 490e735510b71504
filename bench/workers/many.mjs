// The edge alone, in front of a KV that has every link there could be: `node many.mjs '{"sink": port, "packed": links}'`.
// The first links, `packed` of them, are in packs as well, and a change feed vouches for them.
// Prints "ready" once it answers.

import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { guardChildren } from "../../deploy/local/edge_runner/guard.mjs";
import { options } from "../../deploy/local/edge_runner/workers.mjs";
import { readSettings } from "../../deploy/local/edge_runner/settings.mjs";

const { sink, packed = 0 } = JSON.parse(process.argv[2]);
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
const record = (key) => "1.1.1.1.https://www.example.com/a/destination/of/usual/length?for=" + encodeURIComponent(key);
const ofOnePack = 20_000;
const everywhere = "/w==\\n"; // a filter that lets every key be looked for
const packs = Array.from({ length: Math.ceil(${packed} / ofOnePack) }, (_, pack) => {
    const numbers = Array.from({ length: ofOnePack }, (_, link) => pack * ofOnePack + link + 1);
    return everywhere + numbers.map((number) => "localhost/c" + number).sort().map((key) => key + "\\t" + record(key) + "\\n").join("");
});
function pack(body, now) {
    const header = { format: 1, at: now - 300, packs: packs.length, bytes: body.length };
    return new TextEncoder().encode(JSON.stringify(header) + "\\n" + body).buffer;
}
export default function () {
    return {
        async get(key) {
            const now = Date.now() / 1000;
            if (key.startsWith("/packs/")) return key.slice(7) in packs ? pack(packs[key.slice(7)], now) : null;
            if (key === "/feed" && packs.length) return JSON.stringify({ format: 1, head: 0, since: now - 3600, at: now });
            if (key.endsWith("/") || key.startsWith("/")) return null; // domains and the change feed
            return record(key);
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
