// The runtime of Cloudflare today, as wrangler brings it along: can requests be read after they were answered, by another one?

import { createRequire } from "node:module";

const { Miniflare } = createRequire(import.meta.resolve("wrangler/package.json"))("miniflare");
const script = `
const kept = [];
export default {
    async fetch(request) {
        if (new URL(request.url).pathname === "/read") {
            const getter = (name) => Function.prototype.call.bind(Object.getOwnPropertyDescriptor(Request.prototype, name).get);
            const values = Array.prototype.map.bind(["user-agent", "dnt"], Headers.prototype.get);
            const [headers, cf] = [kept.map(getter("headers")).map(values), kept.map(getter("cf"))];
            const seen = [kept.map(getter("method")), kept.map(getter("url")), headers, cf];
            return new Response(JSON.stringify(seen, ["country"], 1));
        }
        kept.push(request);
        return new Response(null, { status: 302, headers: { Location: "https://example.com/" } });
    },
};`;
const miniflare = new Miniflare({ modules: true, script, compatibilityDate: "2026-04-01", cf: { country: "DE" } });
const base = await miniflare.ready;
for (const method of ["GET", "HEAD"]) {
    const headers = { "User-Agent": `agent "${method}"`, Connection: "close" };
    await (await fetch(new URL("/a?b", base), { method, headers, redirect: "manual" })).arrayBuffer();
}
console.log(await (await fetch(new URL("/read", base))).text());
await miniflare.dispose();
