// The Worker's modules: those below edge/, and the contract's modules as if they had been copied beside them.

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** `main` first, which is how the runtime knows it. */
export function workerModules(root, main) {
    const edge = path.join(root, path.dirname(main));
    const own = pythonFiles(edge)
        .filter((file) => !file.startsWith("shared/"))
        .map((file) => module(file, path.join(edge, file)));
    const shared = contractModules(root).map((name) => module(`shared/${name}.py`, path.join(root, "shared", `${name}.py`)));
    const first = path.basename(main);
    return [...own, ...shared].sort((a, b) => Number(b.path === first) - Number(a.path === first));
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
