// Makes or uses a passkey: what origin asks for is in #passkey-options, and what the browser answers goes into the form.
const form = document.querySelector("[data-passkey]");
const problem = form.querySelector("[data-passkey-problem]");
const asked = document.getElementById("passkey-options");
const making = form.dataset.passkey === "create";

const PROBLEMS = {
  NotAllowedError: "It was cancelled, or took too long. Try once more.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "Passkeys work at this site's own address only, over https or on localhost.",
  NotSupportedError: "This device can't make such a passkey.",
};

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function withBytes(options) {
  const known = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  const common = { ...options, challenge: bytes(options.challenge) };
  if (!making) return { ...common, allowCredentials: known(options.allowCredentials) };
  const user = { ...options.user, id: bytes(options.user.id) };
  return { ...common, user, excludeCredentials: known(options.excludeCredentials) };
}

function asJson(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  if (making) {
    answer.attestationObject = text(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  } else {
    answer.authenticatorData = text(response.authenticatorData);
    answer.signature = text(response.signature);
    answer.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: answer });
}

async function ask() {
  const publicKey = withBytes(JSON.parse(asked.textContent).publicKey);
  return making ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey });
}

async function run(event) {
  if (form.elements.credential.value) return; // the answer is in: on to the server
  event.preventDefault();
  problem.hidden = true;
  try {
    if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
    form.elements.credential.value = asJson(await ask());
    form.requestSubmit();
  } catch (error) {
    problem.textContent = PROBLEMS[error.name] ?? `The browser can't do this: ${error.message || error.name}.`;
    problem.hidden = false;
  }
}

form.addEventListener("submit", run);
