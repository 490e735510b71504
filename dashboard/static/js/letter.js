// The link of a letter has its token behind the #: it goes into the form, and out of the address and the history.
const field = document.querySelector("[data-letter-token]");
const box = field.closest("[data-letter-box]");
const form = field.form;

function take() {
  const token = location.hash.slice(1);
  if (!token || token === "main") return; // the link that skips to the content
  field.value = token;
  box.hidden = true; // nothing to fill in
  history.replaceState(null, "", location.pathname);
  form.querySelector("input:not([type=hidden], [data-letter-token]), button").focus();
}

if (field.value && !field.ariaInvalid) box.hidden = true; // back with an error, but in another field
take();
// Another letter's link may be opened in the same tab, which loads nothing anew.
addEventListener("hashchange", take);
