// Shows, while one types, the addresses that the link leads to with the parameters of its campaign.
const url = document.getElementById("url");
const form = url.form;
const fields = [...document.querySelectorAll("[data-campaign] input")];
const shown = document.querySelector("[data-campaign-result]");
const others = document.querySelector("[data-campaign-others]");
const OTHER = /^(ios|android|(geo|variants)-\d+-url)$/;

/** The address with the parameters; those that it has stay, unless the form's replace them. */
function withParameters(text, replaced) {
  const address = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  fields.forEach((each) => {
    if (replaced) address.searchParams.delete(each.name);
    if (each.value.trim() && !address.searchParams.has(each.name)) {
      address.searchParams.set(each.name, each.value.trim());
    }
  });
  return address.href;
}

function write(line, texts, replaced) {
  try {
    line.querySelector("output").textContent = texts.map((each) => withParameters(each, replaced)).join(", ");
    line.hidden = !texts.length || fields.every((each) => !each.value.trim());
  } catch {
    line.hidden = true; // no address yet
  }
}

function show() {
  const typed = (each) => each.value.trim();
  write(shown, [typed(url)].filter(Boolean), true);
  write(others, [...form.elements].filter((each) => OTHER.test(each.name)).map(typed).filter(Boolean), false);
}

form.addEventListener("input", show);
show();
