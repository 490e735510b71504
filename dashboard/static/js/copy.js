// Copy buttons: what an element's data-copy holds goes to the clipboard, and the button says so.
const SAID_MS = 1600;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https there is no clipboard API; the old way needs a selection.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("The browser does not let pages copy.");
}

function say(button, text) {
  const label = button.querySelector("[data-copy-label]");
  const before = label?.dataset.before ?? label?.textContent;
  document.getElementById("announcer").textContent = text;
  button.classList.add("text-success");
  if (label) {
    label.dataset.before = before;
    label.textContent = text;
    button.classList.remove("text-success");
  }
  setTimeout(() => {
    button.classList.remove("text-success");
    if (label) label.textContent = before;
  }, SAID_MS);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await copy(button.dataset.copy);
    say(button, "Copied");
  } catch {
    say(button, "Could not copy");
  }
});
