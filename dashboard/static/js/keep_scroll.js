// A press on the name of another list loads the page anew: it stays where it was, instead of at the anchor that serves without scripts.
const KEY = "nearhop-scroll";
const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
if (kept?.path === location.pathname) window.scrollTo({ top: kept.top, behavior: "instant" });

document.addEventListener("click", (event) => {
  const tab = event.target.closest("a.card-tab");
  if (!tab || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  tab.hash = "";
  sessionStorage.setItem(KEY, JSON.stringify({ path: tab.pathname, top: window.scrollY }));
});
