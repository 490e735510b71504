// What the edge holds as its queue: `send` as on Cloudflare, resolved once the runner has the message on disk.

export default function (env) {
    return {
        async send(message) {
            const headers = { Authorization: `Bearer ${env.TOKEN}` };
            const answer = await env.STORE.fetch("http://queue/", { method: "POST", headers, body: message });
            if (answer.status !== 202) throw new Error(await answer.text());
        },
    };
}
