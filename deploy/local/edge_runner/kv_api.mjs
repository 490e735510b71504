// Cloudflare's KV paths, answered on this machine, so that kvsync only changes its base URL.
// https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/

const MOST_PAIRS = 10_000;
const MOST_KEY_BYTES = 512;
const MOST_METADATA_BYTES = 1_024;
const MOST_VALUE_BYTES = 25 * 1024 * 1024;
const MOST_BODY_BYTES = 100_000_000;
const LEAST_TTL_SECONDS = 60;
const AT_ONCE = 200; // operations that are under way together
const encoder = new TextEncoder();

class Refusal extends Error {
    constructor(status, code, message) {
        super(message);
        this.status = status;
        this.code = code;
    }
}

export default {
    async fetch(request, env) {
        try {
            return await answer(request, env);
        } catch (error) {
            if (error instanceof Refusal) return envelope(null, error.status, [{ code: error.code, message: error.message }]);
            return envelope(null, 500, [{ code: 10001, message: `internal error: ${error.message}` }]);
        }
    },
};

async function answer(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/healthz") return Response.json({ status: "ok" });
    if (url.pathname === "/readyz") return ready(env);
    if (request.headers.get("Authorization") !== `Bearer ${env.API_TOKEN}`) {
        throw new Refusal(401, 10000, "Authentication error");
    }
    const parts = url.pathname.match(/^\/client\/v4\/accounts\/([^/]+)\/storage\/kv\/namespaces\/([^/]+)\/(.+)$/);
    if (!parts) throw new Refusal(404, 7003, "Could not route to this path, perhaps your object identifier is invalid?");
    if (parts[1] !== env.ACCOUNT || parts[2] !== env.NAMESPACE) throw new Refusal(404, 10013, "namespace not found");
    return route(request, url, parts[3], env.KV);
}

function route(request, url, rest, kv) {
    const [resource, ...more] = rest.split("/");
    const call = `${request.method} ${resource}`;
    if (call === "PUT bulk" && !more.length) return bulkPut(request, kv);
    if (call === "DELETE bulk" && !more.length) return bulkDelete(request, kv);
    if (call === "POST bulk" && more[0] === "delete") return bulkDelete(request, kv);
    if (call === "GET keys" && !more.length) return listKeys(url, kv);
    if (resource === "values" || call === "GET metadata") return oneValue(request, url, call, decodeURIComponent(more.join("/")), kv);
    throw new Refusal(405, 10405, "Method not allowed for this path");
}

async function ready(env) {
    await env.KV.get("readyz/probe");
    return Response.json({ status: "ready", parts: { kv: { ok: true, detail: "answers" } } });
}

async function bulkPut(request, kv) {
    const pairs = await readList(request);
    const writes = pairs.map((pair, index) => checkedPair(pair, index)); // all of them first: it is all or nothing
    await inTurns(writes, ([key, value, options]) => kv.put(key, value, options));
    return envelope({ successful_key_count: writes.length, unsuccessful_keys: [] });
}

async function bulkDelete(request, kv) {
    const keys = await readList(request);
    for (const key of keys) checkKey(key);
    await inTurns(keys, (key) => kv.delete(key));
    return envelope({ successful_key_count: keys.length, unsuccessful_keys: [] });
}

async function listKeys(url, kv) {
    const limit = Number(url.searchParams.get("limit") ?? 1000);
    if (!Number.isInteger(limit) || limit < 10 || limit > 1000) throw new Refusal(400, 10003, "limit must be between 10 and 1000");
    const prefix = url.searchParams.get("prefix") ?? undefined;
    const cursor = url.searchParams.get("cursor") || undefined;
    const page = await kv.list({ prefix, limit, cursor });
    const info = { count: page.keys.length, cursor: page.list_complete ? "" : page.cursor };
    return envelope(page.keys, 200, [], info);
}

async function oneValue(request, url, call, key, kv) {
    checkKey(key);
    if (call === "DELETE values") return kv.delete(key).then(() => envelope({}));
    if (call === "PUT values") return putValue(request, url, key, kv);
    const { value, metadata } = await kv.getWithMetadata(key, "arrayBuffer");
    if (value === null) throw new Refusal(404, 10009, "get: 'key not found'");
    if (call === "GET metadata") return envelope(metadata);
    if (call === "GET values") return new Response(value, { headers: { "Content-Type": "application/octet-stream" } });
    throw new Refusal(405, 10405, "Method not allowed for this path");
}

/** The value is the body, or the part `value` of a form, with `metadata` beside it. */
async function putValue(request, url, key, kv) {
    const pair = { key, expiration_ttl: number(url, "expiration_ttl"), expiration: number(url, "expiration") };
    if ((request.headers.get("Content-Type") ?? "").startsWith("multipart/form-data")) {
        const form = await request.formData();
        pair.value = form.get("value");
        const metadata = form.get("metadata");
        if (metadata !== null) pair.metadata = parse(metadata);
    } else {
        pair.value = await request.text();
    }
    await kv.put(...checkedPair(pair, 0));
    return envelope({});
}

function number(url, name) {
    const text = url.searchParams.get(name);
    return text === null ? undefined : Number(text);
}

async function readList(request) {
    const body = await request.text();
    if (body.length > MOST_BODY_BYTES) throw new Refusal(413, 10021, "the body may have 100 MB at most");
    const list = parse(body);
    if (!Array.isArray(list)) throw new Refusal(400, 10026, "the body must be a JSON array");
    if (list.length > MOST_PAIRS) throw new Refusal(400, 10022, `the array may have ${MOST_PAIRS} entries at most`);
    return list;
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch {
        throw new Refusal(400, 10026, "could not parse the body as JSON");
    }
}

/** The arguments of `put`; throws what Cloudflare would refuse, naming the entry. */
function checkedPair(pair, index) {
    const where = `entry ${index}: `;
    if (pair === null || typeof pair !== "object") throw new Refusal(400, 10026, `${where}must be an object`);
    checkKey(pair.key, where);
    if (typeof pair.value !== "string") throw new Refusal(400, 10026, `${where}value must be a string`);
    const value = pair.base64 ? Uint8Array.from(atob(pair.value), (c) => c.charCodeAt(0)) : pair.value;
    if (byteLength(value) > MOST_VALUE_BYTES) throw new Refusal(413, 10023, `${where}value may have 25 MiB at most`);
    return [pair.key, value, { metadata: checkedMetadata(pair.metadata, where), ...expiry(pair, where) }];
}

function checkedMetadata(metadata, where) {
    if (metadata !== undefined && byteLength(JSON.stringify(metadata)) > MOST_METADATA_BYTES) {
        throw new Refusal(400, 10024, `${where}metadata may have ${MOST_METADATA_BYTES} bytes at most`);
    }
    return metadata;
}

function expiry(pair, where) {
    if (pair.expiration_ttl !== undefined && !(pair.expiration_ttl >= LEAST_TTL_SECONDS)) {
        throw new Refusal(400, 10025, `${where}expiration_ttl must be at least ${LEAST_TTL_SECONDS}`);
    }
    return { expirationTtl: pair.expiration_ttl, expiration: pair.expiration };
}

function checkKey(key, where = "") {
    if (typeof key !== "string" || !key || key === "." || key === "..") {
        throw new Refusal(400, 10014, `${where}key must be a string that is not empty, '.' or '..'`);
    }
    if (byteLength(key) > MOST_KEY_BYTES) throw new Refusal(414, 10030, `${where}key may have ${MOST_KEY_BYTES} bytes at most`);
}

function byteLength(value) {
    return typeof value === "string" ? encoder.encode(value).length : value.length;
}

async function inTurns(list, work) {
    for (let start = 0; start < list.length; start += AT_ONCE) {
        await Promise.all(list.slice(start, start + AT_ONCE).map(work));
    }
}

function envelope(result, status = 200, errors = [], result_info = undefined) {
    return Response.json({ success: !errors.length, errors, messages: [], result, result_info }, { status });
}
