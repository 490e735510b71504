// The menu of narrow screens, beside what the browser does by itself: Escape closes it, and so does a press beside it.
const menu = document.querySelector("[data-menu]");

function close(back) {
  if (!menu.open) return;
  menu.open = false;
  if (back) menu.querySelector("summary").focus();
}

if (menu) {
  document.addEventListener("keydown", (event) => event.key === "Escape" && close(true));
  document.addEventListener("click", (event) => menu.contains(event.target) || close(false));
  menu.addEventListener("focusout", (event) => event.relatedTarget && !menu.contains(event.relatedTarget) && close(false));
}
