// Small forms that a press opens: Escape closes them, and so does a press beside them. The browser does the rest.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.activeElement?.closest("[data-popover][open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const each of document.querySelectorAll("[data-popover][open]")) {
    if (!each.contains(event.target)) each.open = false;
  }
});
