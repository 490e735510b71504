// An origin for batches of clicks, in a process of its own: `node origin.mjs PORT`. `PUT /ok` (or down, late, error, garbage)
// says what becomes of the batches that follow.

import http from "node:http";

const ANSWERS = {
    ok: (response) => response.writeHead(202).end("{}"),
    down: (response) => response.socket.destroy(),
    late: (response) => setTimeout(ANSWERS.ok, 30_000, response).unref(),
    error: (response) => response.writeHead(500).end("no"),
    garbage: (response) => response.socket.end("\x16\x03\x01 not even HTTP\r\n\r\n"),
};
let batches = ANSWERS.ok;
const server = http.createServer((request, response) => {
    request.resume().on("end", () => {
        if (request.method !== "PUT") return batches(response);
        batches = ANSWERS[request.url.slice(1)];
        ANSWERS.ok(response);
    });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
process.stdin.resume().on("end", () => process.exit(0)); // our caller is gone
