// The parts that update themselves: quiet while nobody looks, and honest when an update fails.
function isPoll(element) {
  return element?.getAttribute?.("hx-trigger")?.startsWith("every") ?? false;
}

function showProblem(shown) {
  document.querySelectorAll("[data-live-problem]").forEach((each) => {
    each.hidden = !shown;
  });
}

document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && isPoll(event.detail.ctx?.sourceElement)) event.preventDefault();
});
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx ?? {};
  if (isPoll(sourceElement)) showProblem(!response || response.status >= 400);
});
document.addEventListener("htmx:error", (event) => {
  if (isPoll(event.detail?.ctx?.sourceElement)) showProblem(true);
});
