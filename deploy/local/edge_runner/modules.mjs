// The Worker's modules: those below edge/, the contract's as if they had been copied beside them, and the libraries that
// pywrangler would bundle.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { parse } from "smol-toml";

import { CannotStart } from "./settings.mjs";

const CLASS = /^class Default\(WorkerEntrypoint\)/m;

/** `main` first, which is how the runtime knows it; before one with a class stands what calls the class. */
export function workerModules(root, main) {
    const edge = path.join(root, path.dirname(main));
    const own = pythonFiles(edge)
        .filter((file) => !file.startsWith("shared/"))
        .map((file) => module(file, path.join(edge, file)));
    const shared = contractModules(root).map((name) => module(`shared/${name}.py`, path.join(root, "shared", `${name}.py`)));
    const first = path.basename(main);
    const libraries = libraryFolders(root).flatMap(({ name, folder }) =>
        pythonFiles(folder).map((file) => module(`${name}/${file}`, path.join(folder, file))),
    );
    const all = [...own, ...shared, ...libraries].sort((a, b) => Number(b.path === first) - Number(a.path === first));
    return CLASS.test(all[0].contents) ? [classCaller(path.basename(first, ".py")), ...all] : all;
}

/** The embedded runtime calls global handlers alone. This one does what Cloudflare does for a class: an instance a request, with
 * `env` and `ctx` set, and the request wrapped as the SDK wraps it. */
function classCaller(name) {
    const contents = `
from ${name} import Default

class Request:
    def __init__(self, js_object):
        self.js_object = js_object

async def on_fetch(request, env, ctx):
    instance = Default()
    instance.env, instance.ctx = env, ctx
    return await instance.fetch(Request(request))
`;
    return { type: "PythonModule", path: "class_caller.py", contents };
}

function module(name, file) {
    return { type: "PythonModule", path: name, contents: fs.readFileSync(file, "utf8") };
}

function pythonFiles(folder) {
    return fs
        .readdirSync(folder, { recursive: true })
        .map((file) => file.split(path.sep).join("/"))
        .filter((file) => file.endsWith(".py"))
        .sort();
}

/** The build step is the one list of them. */
function contractModules(root) {
    const text = execFileSync("sh", [path.join(root, "edge", "copy_shared.sh"), "--list"], { encoding: "utf8" });
    return text.trim().split(/\s+/);
}

/** The packages of `[project].dependencies`, which are the Worker's own, as they were installed into the checkout. */
function libraryFolders(root) {
    const { project } = parse(fs.readFileSync(path.join(root, "pyproject.toml"), "utf8"));
    const sites = sitePackages(path.join(root, ".venv", "lib"));
    return project.dependencies.map((requirement) => {
        const name = requirement.match(/^[\w.-]+/)[0].replaceAll("-", "_").toLowerCase();
        const folder = sites.map((site) => path.join(site, name)).find((each) => fs.existsSync(each));
        if (!folder) throw new CannotStart(`The Python package ${name} is missing: install it with sh deploy/local/setup.sh run.`);
        return { name, folder };
    });
}

function sitePackages(lib) {
    const names = fs.existsSync(lib) ? fs.readdirSync(lib).filter((name) => name.startsWith("python")) : [];
    return names.map((name) => path.join(lib, name, "site-packages"));
}
