// Shows, while one types, the address that the link leads to with the parameters of its campaign.
const url = document.getElementById("url");
const fields = [...document.querySelectorAll("[data-campaign] input")];
const shown = document.querySelector("[data-campaign-result]");

function withParameters(text) {
  const address = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  fields.forEach((each) => {
    address.searchParams.delete(each.name);
    if (each.value.trim()) address.searchParams.set(each.name, each.value.trim());
  });
  return address.href;
}

function show() {
  shown.hidden = !url.value.trim() || fields.every((each) => !each.value.trim());
  if (shown.hidden) return;
  try {
    shown.querySelector("output").textContent = withParameters(url.value.trim());
  } catch {
    shown.hidden = true; // no address yet
  }
}

[url, ...fields].forEach((each) => each.addEventListener("input", show));
show();
