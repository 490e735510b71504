// shared/signing.py, for the calls that the runner makes to its own edge.

import { createHmac } from "node:crypto";

/** The headers of a signed call. */
export function signed(secret, method, path, body = "") {
    const seconds = Math.floor(Date.now() / 1000);
    const digest = createHmac("sha256", secret).update(`${seconds}\n${method}\n${path}\n${body}`).digest("hex");
    return { "Nearhop-Signature": `t=${seconds},v1=${digest}` };
}
