// workerd must end with its runner, however that ends, and must not end before it: miniflare's `spawn` is taken over.

import childProcess from "node:child_process";

const spawn = childProcess.spawn;

/** Watch over every process that is spawned from now on; `ended(code)` is called when one ends by itself. */
export function guardChildren(ended) {
    let expected = false;
    childProcess.spawn = (command, args, options) => {
        // A group of its own: Ctrl-C in a terminal reaches the runner alone, which first gets the clicks out.
        const child = spawn(command, args, { ...options, detached: true });
        const lifeline = watch(child.pid);
        child.once("exit", (code, signal) => {
            lifeline.write("ended\n", () => {});
            if (!expected) ended(signal ?? code);
        });
        return child;
    };
    return { expectEnd: () => (expected = true) };
}

/** A shell that reads from a pipe of ours: the pipe's end without a word means that we are gone. */
function watch(pid) {
    const script = `read -r word || kill -9 ${Number(pid)}`;
    const shell = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    shell.unref();
    shell.stdin.unref();
    shell.stdin.on("error", () => {}); // it has ended before us
    return shell.stdin;
}
