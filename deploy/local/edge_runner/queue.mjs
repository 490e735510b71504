// The queue behind the edge on this machine: messages are on disk before `send` resolves, and gone once origin has them.

import { randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs/promises";
import http from "node:http";
import path from "node:path";

import { MessageLog, syncFolder } from "./message_log.mjs";

const MOST_BYTES = 128_000; // Cloudflare's bound of a message
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const TRIES_IN_FRONT = 5;

export class Queue {
    /** `deliver(message)` resolves to "taken" once the message is somebody else's, and to "refused" where it never will be. */
    constructor(folder, deliver, mostBytes = Infinity, say = () => {}) {
        this.folder = folder;
        this.dead = path.join(folder, "dead"); // what origin refused for good, for somebody to look at
        this.mostBytes = mostBytes;
        this.deliver = deliver;
        this.say = say;
        this.log = new MessageLog(folder, MOST_BYTES, say);
        this.token = randomBytes(32).toString("base64url");
        this.stopped = false;
        this.wake = () => {};
    }

    async open() {
        await fs.mkdir(this.dead, { recursive: true, mode: 0o700 });
        await this.log.open();
        await this.takeOver();
        // Of its own, not miniflare's service in JavaScript, which costs a message as much as writing it does.
        this.server = http.createServer((request, response) => this.answer(request, response)).unref();
        this.server.keepAliveTimeout = 0; // workerd ends idle connections, or it might send on one that we just ended
        await new Promise((resolve, reject) => this.server.once("error", reject).listen(0, "127.0.0.1", resolve));
        this.address = `127.0.0.1:${this.server.address().port}`;
        return this;
    }

    /** Messages as they were kept before there were segments: a file each. */
    async takeOver() {
        for (const name of (await fs.readdir(this.folder)).filter((file) => /^\d+-.*\.json$/.test(file)).sort()) {
            const file = path.join(this.folder, name);
            await this.log.append(await fs.readFile(file));
            await fs.unlink(file);
        }
    }

    /** Answers the edge's `CLICKS.send`; a message counts as taken with status 202. */
    async answer(request, response) {
        const [status, text] = await this.receive(request).catch((error) => [507, String(error)]);
        response.writeHead(status).end(text);
    }

    async receive(request) {
        if (!isSame(request.headers.authorization ?? "", `Bearer ${this.token}`)) return [401, "this queue is not yours"];
        const parts = [];
        let size = 0;
        for await (const part of request) {
            size += part.length;
            if (size <= MOST_BYTES) parts.push(part); // read to the end all the same, or the answer is not heard
        }
        if (size > MOST_BYTES) return [413, "message length exceeds the limit of 128 KB"];
        if (this.log.bytes + size > this.mostBytes) return [507, "the queue is full"];
        await this.log.append(Buffer.concat(parts));
        this.arrived = true;
        this.wake();
        return [202, ""];
    }

    /** Until `stop`: the oldest message, until it is taken; pauses grow while it is not, whatever else arrives. */
    async consume() {
        let failures = 0;
        while (!this.stopped) {
            try {
                this.arrived = false;
                const message = await this.log.next();
                if (!message) await this.arrival();
                else if (await this.handOver(message)) failures = 0;
                else if (++failures % TRIES_IN_FRONT === 0) await this.toTheBack(message);
            } catch (error) {
                failures += 1;
                this.say("queue can't be read or written", { error: String(error) });
            }
            if (failures) await this.pause(Math.min(SHORTEST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
        }
    }

    async arrival() {
        if (!this.arrived && !this.stopped) await new Promise((resolve) => (this.wake = resolve));
    }

    async handOver(message) {
        const outcome = await this.deliver(message).catch(() => "later");
        if (outcome === "later") return false;
        if (outcome === "refused") await this.layAside(message);
        await this.log.done();
        return true;
    }

    /** It may be the one that origin stumbles over: let others try. */
    async toTheBack(message) {
        await this.log.append(message);
        await this.log.done();
    }

    /** Up to a half shorter, so that not all come at once; only `stop` ends it earlier. */
    async pause(milliseconds) {
        const until = Date.now() + milliseconds * (1 - Math.random() / 2);
        while (!this.stopped && Date.now() < until) {
            let timer;
            await new Promise((resolve) => {
                this.wake = () => this.stopped && resolve();
                timer = setTimeout(resolve, until - Date.now());
            });
            clearTimeout(timer);
        }
    }

    async layAside(message) {
        const file = path.join(this.dead, `${Date.now()}-${randomBytes(8).toString("hex")}.json`);
        const handle = await fs.open(file, "wx", 0o600);
        try {
            await handle.writeFile(message);
            await handle.sync();
        } finally {
            await handle.close();
        }
        await syncFolder(this.dead);
    }

    stop() {
        this.stopped = true;
        this.wake();
    }
}

function isSame(given, expected) {
    return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}
