// The queue behind the edge on this machine: a file a message, on disk before `send` resolves, gone once origin has it.

import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";

const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
const MOST_BYTES = 128_000; // Cloudflare's bound of a message

export class Queue {
    /** `deliver(text)` resolves to "taken" once the message is somebody else's, and to "refused" where it never will be. */
    constructor(folder, deliver, mostBytes = Infinity) {
        this.folder = folder;
        this.dead = path.join(folder, "dead"); // what origin refused for good, for somebody to look at
        this.mostBytes = mostBytes;
        this.bytes = 0;
        this.deliver = deliver;
        this.delivered = 0;
        this.failures = 0;
        this.wake = () => {};
        this.stopped = false;
    }

    async open() {
        await fs.mkdir(this.dead, { recursive: true, mode: 0o700 });
        for (const file of await fs.readdir(this.folder)) {
            if (file.endsWith(".part")) await fs.unlink(path.join(this.folder, file)); // was never acknowledged
        }
        for (const name of await this.waiting()) this.bytes += (await fs.stat(path.join(this.folder, name))).size;
        return this;
    }

    /** Answers the edge's `CLICKS.send`; a message counts as taken with status 202. */
    async take(request) {
        const text = await request.text();
        if (Buffer.byteLength(text) > MOST_BYTES) return { status: 413, text: "message length exceeds the limit of 128 KB" };
        const size = Buffer.byteLength(text);
        if (this.bytes + size > this.mostBytes) return { status: 507, text: "the queue is full" };
        this.bytes += size;
        const file = path.join(this.folder, `${Date.now()}-${randomUUID()}.json`);
        await writeDurably(file, text, this.folder);
        this.wake();
        return { status: 202, text: "" };
    }

    async waiting() {
        return (await fs.readdir(this.folder)).filter((file) => file.endsWith(".json")).sort();
    }

    /** Until `stop`: every message in turn, and a growing pause where some were refused. */
    async consume() {
        let pause = SHORTEST_WAIT_MS;
        while (!this.stopped) {
            const refused = await this.deliverAll();
            pause = refused ? Math.min(pause * 2, LONGEST_WAIT_MS) : SHORTEST_WAIT_MS;
            await this.rest(refused ? pause : LONGEST_WAIT_MS);
        }
    }

    /** A wait that an arrival cuts short. */
    async rest(milliseconds) {
        let timer;
        await new Promise((resolve) => {
            this.wake = resolve;
            timer = setTimeout(resolve, milliseconds);
        });
        clearTimeout(timer);
    }

    async deliverAll() {
        let refused = 0;
        for (const name of await this.waiting()) {
            if (this.stopped) return refused;
            const file = path.join(this.folder, name);
            const text = await fs.readFile(file, "utf8");
            const outcome = await this.deliver(text).catch(() => "later");
            if (outcome === "later") {
                this.failures += 1;
                refused += 1;
                continue;
            }
            this.bytes -= Buffer.byteLength(text);
            if (outcome === "taken") await fs.unlink(file);
            else await fs.rename(file, path.join(this.dead, name));
            this.delivered += 1;
        }
        return refused;
    }

    stop() {
        this.stopped = true;
        this.wake();
    }
}

async function writeDurably(file, text, folder) {
    const part = `${file}.part`;
    const handle = await fs.open(part, "wx", 0o600);
    try {
        await handle.writeFile(text);
        await handle.sync();
    } finally {
        await handle.close();
    }
    await fs.rename(part, file);
    const directory = await fs.open(folder, "r");
    try {
        await directory.sync(); // the name, too
    } finally {
        await directory.close();
    }
}
