// Lets the events that happen now appear at the top of the list, as long as the button is pressed and somebody looks.
const MOST_ROWS = 300;
// What was missed for longer is not asked for: it may be more than a page can take.
const LONGEST_GAP_MS = 300_000;
const RETRY_MS = 5_000;
const MOST_TRIES = 24;
const button = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
const list = document.getElementById("events");
let feed;
let timer;
let tries = 0; // since the feed was open last; at first there are none to be had
let after = button?.dataset.after; // where in the feed the list is: at first as old as the page
let lookedUntil = 0;

function say(what) {
  const text = state.dataset[what];
  if (state.textContent !== text) state.textContent = text;
}

// A feed that goes on somewhere begins with some that were there already.
function add(html) {
  const row = document.createRange().createContextualFragment(html).firstElementChild;
  if (list.querySelector(`[data-key="${CSS.escape(row.dataset.key)}"]`)) return;
  document.getElementById("no-events")?.remove();
  list.prepend(row);
  row.classList.add("event-new");
  while (list.children.length > MOST_ROWS) list.lastElementChild.remove();
}

function close() {
  clearTimeout(timer);
  if (feed) lookedUntil = performance.now();
  feed?.close();
  feed = undefined;
}

function wanted() {
  return button.getAttribute("aria-pressed") === "true";
}

// The browser itself tries again after a lost connection, but not after an answer that is no feed. One that has been open
// is asked for again, as the server may be starting; one that never was is refused.
function failed() {
  if (feed?.readyState !== EventSource.CLOSED) return say("lost");
  close();
  tries += 1;
  if (tries <= MOST_TRIES) {
    say("lost");
    timer = setTimeout(open, RETRY_MS);
    return;
  }
  button.setAttribute("aria-pressed", "false");
  say("ended");
}

function open() {
  close();
  const gap = performance.now() - lookedUntil > LONGEST_GAP_MS;
  if (gap) after = "";
  feed = new EventSource(button.dataset.live + (after && `&after=${encodeURIComponent(after)}`));
  feed.addEventListener("open", () => {
    tries = 0;
    say(gap ? "gap" : "on");
  });
  feed.addEventListener("error", failed);
  feed.addEventListener("row", (event) => add(event.data));
  for (const each of ["row", "passed"]) feed.addEventListener(each, (event) => (after = event.lastEventId));
}

button?.addEventListener("click", () => {
  const on = !wanted();
  button.setAttribute("aria-pressed", String(on));
  tries = MOST_TRIES;
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
