"""How the edge's pages look: Nearhop's colours (deploy/brand) without its fonts, for a page loads nothing from elsewhere."""

import base64
import hashlib
from html import escape

STYLE = (
    ":root{color-scheme:light dark;--paper:#f1f6f2;--card:#fbfdfc;--line:#d9e2dc;--ink:#112620;--soft:#4d5c56;--deed:#065945;"
    "--on-deed:#f6fcf7;--care:#915c08;--hop:#f6782e}@media(prefers-color-scheme:dark){:root{--paper:#0a1411;--card:#131f1b;"
    "--line:#293631;--ink:#e4ece5;--soft:#a1afa8;--deed:#70ddb1;--on-deed:#001f15;--care:#edbb64;--hop:#ff9044}}"
    "*{box-sizing:border-box}body{font:1rem/1.55 'Hanken Grotesk',ui-sans-serif,system-ui,'Segoe UI',Roboto,sans-serif;"
    "margin:0;min-height:100vh;min-height:100svh;display:grid;align-content:center;justify-items:center;gap:1rem;padding:1rem;"
    "background:var(--paper);color:var(--ink);-webkit-font-smoothing:antialiased}main{width:100%;max-width:27rem;"
    "padding:clamp(1.5rem,6vw,2.25rem);background:var(--card);border:1px solid var(--line);border-radius:.75rem}"
    "h1{font:700 1.5rem/1.2 'Bricolage Grotesque','Hanken Grotesk',ui-sans-serif,system-ui,'Segoe UI',Roboto,sans-serif;"
    "letter-spacing:-.015em;margin:0 0 .5rem;text-wrap:balance;overflow-wrap:anywhere}p{margin:0 0 1.25rem;color:var(--soft);"
    "overflow-wrap:anywhere}p:last-child{margin:0}"
    ".hop{display:block;width:8.5rem;margin:0 0 1.25rem -.25rem;fill:none;stroke:var(--soft);stroke-width:4;"
    "stroke-linecap:round;overflow:visible}.hop .way{stroke-dasharray:.1 9}"
    ".hop .to{stroke-width:3}.hop .from{fill:var(--deed);stroke:none}.hop .ball{fill:var(--hop);"
    "stroke:none}.hop .gate{stroke:var(--deed)}"
    ".care{color:var(--care)}code{display:block;overflow-wrap:anywhere;padding:.75rem .875rem;margin:0 0 1.25rem;"
    "border:1px solid var(--line);border-radius:.5rem;background:var(--paper);color:var(--soft);"
    "font:.875rem/1.5 ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,monospace}code b{color:var(--ink);font-weight:700}"
    "label{display:block;font-weight:600;margin:0 0 .375rem}input{width:100%;font:inherit;padding:.65rem .75rem;"
    "border:1px solid var(--soft);border-radius:.5rem;margin:0 0 1.25rem;background:var(--card);color:inherit}"
    "input[aria-invalid]{border-color:var(--care)}"
    "button,.go{display:inline-block;font:inherit;font-weight:600;padding:.6rem 1.1rem;border:1px solid var(--deed);"
    "border-radius:.5rem;background:var(--deed);color:var(--on-deed);cursor:pointer;text-decoration:none}"
    "button:hover,.go:hover{filter:brightness(1.12)}.risk{background:none;border-color:var(--care);color:var(--care)}"
    "a{color:var(--deed);text-underline-offset:.2em}"
    ":focus-visible{outline:3px solid var(--deed);outline-offset:2px}"
    ".code{display:flex;gap:1.25rem;align-items:center;margin:1.5rem 0 0;padding:1.5rem 0 0;border-top:1px solid var(--line);"
    "font-size:.9375rem}.code img{display:block;width:7.5rem;height:7.5rem;flex:none;background:#fff;"
    "border-radius:.5rem}.code+p{margin-top:1.5rem}"
    "footer{font-size:.8125rem;color:var(--soft);text-align:center;overflow-wrap:anywhere}"
)
# Of browsers' tabs, where a domain has none of its own.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M6 24C10 6 22 6 25 17" fill="none" stroke="#8a9b93" '
    'stroke-width="2.5" stroke-linecap="round" stroke-dasharray=".1 5"/><circle cx="6" cy="25" r="4" fill="#065945"/>'
    '<circle cx="25" cy="22" r="6" fill="#f6782e"/></svg>\n'
)
# Where the ball of the small drawing is on its way from the short link to where that leads.
_PLACES = {
    "waits": '<circle class="ball" cx="16" cy="32" r="10"/>',
    "held": '<path class="gate" d="M87 4v54"/><circle class="ball" cx="70" cy="12" r="10"/>',
    "arrives": '<circle class="ball" cx="124" cy="54" r="11"/>',
    "misses": "",
}


def source_hash(text: str) -> str:
    """A Content-Security-Policy source for one inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def shell(title: str, body: str, hop: str = "misses", reference: str = "") -> str:
    """A whole page around its main part; `hop` says how far the ball of the drawing comes: waits, held, arrives, misses.

    `reference` is what somebody who complains of the page is to quote.
    """
    quoted = f"<br>Reference: {escape(reference)}" if reference else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,'
        f'initial-scale=1"><title>{escape(title)}</title><style>{STYLE}</style><main>{_drawing(hop)}{body}</main>'
        f"<footer>A short link by Nearhop{quoted}</footer></html>\n"
    )


def _drawing(hop: str) -> str:
    target = "" if hop == "arrives" else '<circle class="to" cx="124" cy="54" r="9.5"/>'
    return (
        '<svg class="hop" viewBox="0 0 140 70" aria-hidden="true"><path class="way" d="M26 43C44 2 94 2 112 36"/>'
        f'{target}<circle class="from" cx="16" cy="54" r="8"/>{_PLACES[hop]}</svg>'
    )
