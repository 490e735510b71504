// Light and dark: follows the system until the reader chooses. The choice is a cookie, so that the server renders it and
// no page flashes in the other colours first.
const YEAR_SECONDS = 31536000;
const THEMES = { light: "nearhop", dark: "nearhop-dark" };
const root = document.documentElement;

root.classList.add("js");

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === THEMES.dark;
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const next = isDark() ? "light" : "dark";
  root.dataset.theme = THEMES[next];
  document.cookie = `theme=${next}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  document.dispatchEvent(new Event("themechange"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
