// The queue's messages on disk: numbered segments that are only appended to, read from the front, and removed once read.
//
// As in origin's spool, all messages that gathered meanwhile are written at once and synced once, and a segment that failed or was
// left by a crash is not appended to again. A record is `length, 32 bits | first 8 bytes of the message's SHA-256 | message`.

import { createHash } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";

const SEGMENT_BYTES = 8 << 20;
const HEAD_BYTES = 12;
const SUFFIX = ".seg";

export class MessageLog {
    /** `mostMessageBytes` tells a length from damage; `say(event, fields)` writes a log line. */
    constructor(folder, mostMessageBytes, say = () => {}, segmentBytes = SEGMENT_BYTES) {
        this.folder = folder;
        this.mostMessageBytes = mostMessageBytes;
        this.say = say;
        this.segmentBytes = segmentBytes;
        this.sizes = new Map(); // of what may be read of each segment, the oldest first
        this.waiting = []; // messages that want to be written
        this.waitingBytes = 0;
        this.committing = false;
        this.out = null; // where the newest segment is appended to
        this.in = null; // what is read from
        this.lostSegments = 0; // that somebody else took away
    }

    async open() {
        await fs.mkdir(this.folder, { recursive: true, mode: 0o700 });
        for (const name of (await fs.readdir(this.folder)).filter((file) => file.endsWith(SUFFIX)).sort()) {
            this.sizes.set(Number.parseInt(name, 10), (await fs.stat(path.join(this.folder, name))).size);
        }
        this.newest = Math.max(0, ...this.sizes.keys());
        // Written unsynced: where it is lost, messages come again, which batch ids make harmless.
        const place = await fs.readFile(this.placeFile, "utf8").then(JSON.parse).catch(() => null);
        this.place = Number.isInteger(place?.number) && Number.isInteger(place.offset) ? place : { number: 0, offset: 0 };
        return this;
    }

    get placeFile() {
        return path.join(this.folder, "place.json");
    }

    /** Bytes on disk and on their way there; a segment counts until all of it was read. */
    get bytes() {
        return this.waitingBytes + [...this.sizes.values()].reduce((sum, size) => sum + size, 0);
    }

    /** Resolves once the message (a Buffer) is on disk. */
    append(message) {
        return new Promise((resolve, reject) => {
            this.waiting.push({ record: Buffer.concat([head(message), message]), resolve, reject });
            this.waitingBytes += HEAD_BYTES + message.length;
            if (!this.committing) this.commitAll();
        });
    }

    async commitAll() {
        this.committing = true;
        while (this.waiting.length) {
            const group = this.waiting.splice(0);
            const data = Buffer.concat(group.map((each) => each.record));
            const error = await this.commit(data).catch((reason) => reason);
            this.waitingBytes -= data.length;
            for (const each of group) error ? each.reject(error) : each.resolve();
        }
        this.committing = false;
    }

    async commit(data) {
        try {
            const usable = this.out && (await this.out.stat()).nlink; // else it was deleted, and nobody would ever read it
            if (!usable || this.sizes.get(this.newest) >= this.segmentBytes) await this.startSegment();
            await this.out.appendFile(data);
            await this.out.datasync();
        } catch (error) {
            await this.out?.truncate(this.sizes.get(this.newest)).catch(() => {}); // else it is read as a torn record, or twice
            await this.out?.close().catch(() => {});
            this.out = null;
            throw error;
        }
        this.sizes.set(this.newest, this.sizes.get(this.newest) + data.length);
    }

    async startSegment() {
        await this.out?.close();
        this.out = null;
        this.newest = Math.max(this.newest + 1, Date.now()); // a number is never used again, whatever `place` says
        this.out = await fs.open(this.pathOf(this.newest), "ax", 0o600);
        this.sizes.set(this.newest, 0);
        await syncFolder(this.folder);
    }

    /** The oldest message that is not `done`, or null. */
    async next() {
        while (this.sizes.size) {
            const [number, size] = this.sizes.entries().next().value;
            const offset = number === this.place.number ? this.place.offset : 0;
            const message = offset < size ? await this.readUnlessLost(number, offset, size) : null;
            if (message) {
                this.ahead = { number, offset: offset + HEAD_BYTES + message.length };
                return message;
            }
            if (number === this.newest && this.committing) return null; // whoever appends calls us again
            if (this.sizes.get(number) === size) await this.remove(number, offset, size);
        }
        return null;
    }

    /** What `next` gave last needs no keeping. */
    async done() {
        this.place = this.ahead;
        await fs.writeFile(this.placeFile, JSON.stringify(this.place), { mode: 0o600 });
    }

    /** As `read`; null for a segment that is gone as well: it is let go of, for the others to be delivered. */
    async readUnlessLost(number, offset, size) {
        try {
            return await this.read(number, offset, size);
        } catch (error) {
            if (error.code !== "ENOENT") throw error;
        }
        this.lostSegments += 1;
        this.say("queue segment lost", { segment: number, bytes: size - offset, lost_segments: this.lostSegments });
        await this.letGo(number);
        return null;
    }

    /** The record at a place; null where there is none that is whole. */
    async read(number, offset, size) {
        if (this.in?.number !== number) {
            await this.in?.handle.close();
            this.in = null;
            this.in = { number, handle: await fs.open(this.pathOf(number), "r") };
        }
        const start = Buffer.alloc(HEAD_BYTES);
        await this.in.handle.read(start, 0, HEAD_BYTES, offset); // fewer at a torn end, which is zeros then
        const length = start.readUInt32LE(0);
        this.torn = length <= this.mostMessageBytes && offset + HEAD_BYTES + length > size;
        if (this.torn || length > this.mostMessageBytes) return null;
        const message = Buffer.alloc(length);
        await this.in.handle.read(message, 0, length, offset + HEAD_BYTES);
        return head(message).equals(start) ? message : null;
    }

    /** Of a segment that holds no more whole record. A torn one was never acknowledged; else it is damage, and kept. */
    async remove(number, offset, size) {
        await this.letGo(number);
        if (offset >= size || this.torn) return fs.rm(this.pathOf(number), { force: true });
        const damaged = path.join(this.folder, "damaged");
        await fs.mkdir(damaged, { recursive: true, mode: 0o700 });
        await fs.rename(this.pathOf(number), path.join(damaged, `${number}-${offset}${SUFFIX}`));
        this.say("queue segment cut", { segment: number, offset, bytes: size - offset });
    }

    async letGo(number) {
        this.sizes.delete(number);
        if (number === this.newest) {
            const out = this.out;
            this.out = null; // what comes now starts a new segment
            await out?.close();
        }
        await this.in?.handle.close();
        this.in = null;
    }

    pathOf(number) {
        return path.join(this.folder, `${String(number).padStart(15, "0")}${SUFFIX}`);
    }
}

function head(message) {
    const start = Buffer.alloc(HEAD_BYTES);
    start.writeUInt32LE(message.length);
    createHash("sha256").update(message).digest().copy(start, 4, 0, HEAD_BYTES - 4);
    return start;
}

/** Makes names that were added to a folder outlast a power cut. */
export async function syncFolder(folder) {
    const directory = await fs.open(folder, "r");
    try {
        await directory.sync();
    } finally {
        await directory.close();
    }
}
