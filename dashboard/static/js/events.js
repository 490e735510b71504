// Lets the events that happen now appear at the top of the list, as long as the button is pressed and somebody looks.
const MOST_ROWS = 300;
const button = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
const list = document.getElementById("events");
let feed;

function say(what) {
  const text = state.dataset[what];
  if (state.textContent !== text) state.textContent = text;
}

function add(html) {
  document.getElementById("no-events")?.remove();
  list.insertAdjacentHTML("afterbegin", html);
  list.firstElementChild.classList.add("event-new");
  while (list.children.length > MOST_ROWS) list.lastElementChild.remove();
}

function close() {
  feed?.close();
  feed = undefined;
}

// A refusal, which the browser does not try again.
function end() {
  close();
  button.setAttribute("aria-pressed", "false");
  say("ended");
}

function open() {
  close();
  feed = new EventSource(button.dataset.live);
  feed.addEventListener("open", () => say("on"));
  feed.addEventListener("error", () => (feed?.readyState === EventSource.CLOSED ? end() : say("lost")));
  feed.addEventListener("row", (event) => add(event.data));
}

function wanted() {
  return button.getAttribute("aria-pressed") === "true";
}

button?.addEventListener("click", () => {
  const on = !wanted();
  button.setAttribute("aria-pressed", String(on));
  if (on) open();
  else close();
  say(on ? "on" : "off");
});
// A workspace has few feeds: one that nobody looks at is given back.
document.addEventListener("visibilitychange", () => {
  if (!button || !wanted()) return;
  if (document.hidden) close();
  else open();
});
