// The usual short link worker: KV is read and a beacon sent for each click.
import { Hono } from "hono";

const app = new Hono();

app.get("/:code", async (c) => {
    const url = await c.env.LINKS.get(`localhost/${c.req.param("code")}`);
    if (!url) return c.notFound();
    const click = {
        at: Date.now(),
        code: c.req.param("code"),
        url,
        user_agent: c.req.header("user-agent"),
        referer: c.req.header("referer"),
        language: c.req.header("accept-language"),
        ip: c.req.header("cf-connecting-ip"),
        country: c.req.raw.cf?.country,
    };
    const beacon = fetch(c.env.BEACON, { method: "POST", body: JSON.stringify(click) });
    c.executionCtx.waitUntil(beacon.then((answer) => answer.arrayBuffer()));
    return new Response(null, { status: 302, headers: { Location: url } });
});

export default app;
