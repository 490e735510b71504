// All contenders in one workerd: `node run.mjs '{"edge": port, "hono": port, "bare": port, "bare_python": port, "sink": port, ...}'`.

import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { buildSync } from "esbuild";
import { Miniflare } from "miniflare";

import { options } from "../../deploy/local/edge_runner/workers.mjs";
import { readSettings } from "../../deploy/local/edge_runner/settings.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DATE = "2024-11-06";
const { hono, bare, bare_python: barePython, sink } = JSON.parse(process.argv[2]);

/** Where clicks go: read to the end, acknowledged, forgotten. */
const taker = http.createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(202).end("{}"));
});
await new Promise((resolve) => taker.listen(sink, "127.0.0.1", resolve));

function script(name) {
    const built = buildSync({ entryPoints: [path.join(HERE, name)], bundle: true, format: "esm", write: false });
    return [{ type: "ESModule", path: name, contents: built.outputFiles[0].text }];
}

function javascript(name, port, more) {
    const unsafeDirectSockets = [{ host: "127.0.0.1", port }];
    return { name, modules: script(`${name}.js`), compatibilityDate: DATE, unsafeDirectSockets, ...more };
}

function python(name, port) {
    const contents = fs.readFileSync(path.join(HERE, `${name}.py`), "utf8");
    return {
        name,
        modules: [{ type: "PythonModule", path: `${name}.py`, contents }],
        compatibilityDate: DATE,
        compatibilityFlags: ["python_workers"],
        unsafeDirectSockets: [{ host: "127.0.0.1", port }],
    };
}

const settings = readSettings(path.resolve(HERE, "../.."));
const ours = options(settings);
ours.workers.push(
    javascript("hono", hono, { kvNamespaces: { LINKS: "plain" }, bindings: { BEACON: `http://127.0.0.1:${sink}/` } }),
    javascript("bare", bare, {}),
    python("bare_python", barePython),
);
const miniflare = new Miniflare(ours);
await miniflare.ready;
const plain = await miniflare.getKVNamespace("LINKS", "hono");
const links = await miniflare.getKVNamespace("LINKS", "edge");
const urls = fs.readFileSync(path.join(HERE, "urls.txt"), "utf8").trim().split("\n");
await Promise.all(urls.map((url, n) => Promise.all([plain.put(`localhost/${n}`, url), links.put(`localhost/${n}`, `1.1.1.1.${url}`)])));
for (const url of [`http://127.0.0.1:${settings.edgePort}/readyz`, `http://127.0.0.1:${barePython}/`]) {
    await fetch(url, { redirect: "manual" }).then((answer) => answer.text()); // Python is loaded by one request
}
console.log("ready");
process.stdin.resume().on("end", () => miniflare.dispose().then(() => process.exit(0))); // our caller is gone
