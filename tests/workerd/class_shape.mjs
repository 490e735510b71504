// The edge as its runner starts it, but with edge/entry_class.py. The embedded runtime calls global handlers alone, so a
// handler stands before the class that does what Cloudflare does: an instance a request, with `env` and `ctx` set, and the
// request wrapped as the SDK wraps it.

import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { guardChildren } from "../../deploy/local/edge_runner/guard.mjs";
import { options } from "../../deploy/local/edge_runner/workers.mjs";
import { readSettings } from "../../deploy/local/edge_runner/settings.mjs";

const settings = readSettings(path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../.."));
const all = options(settings);
const contents = `
from entry_class import Default

class Request:
    def __init__(self, js_object):
        self.js_object = js_object

async def on_fetch(request, env, ctx):
    instance = Default()
    instance.env, instance.ctx = env, ctx
    return await instance.fetch(Request(request))
`;
all.workers[0].modules.unshift({ type: "PythonModule", path: "class_shape.py", contents });
guardChildren(() => process.exit(1)); // workerd ends with this process, however that ends
const miniflare = new Miniflare(all);
await miniflare.ready;
process.on("SIGTERM", () => miniflare.dispose().then(() => process.exit(0)));
