"""The HTML of the edge's pages. Each stands alone: no script but where it says so, nothing from anywhere else."""

import base64
import hashlib
from html import escape

STYLE = (
    ":root{color-scheme:light dark;--paper:#f6f5f1;--card:#fff;--ink:#1b1d22;--soft:#5a606b;--line:#dcd9d0;--deed:#1f4fd8;"
    "--on-deed:#fff;--care:#8a4b00}@media(prefers-color-scheme:dark){:root{--paper:#131519;--card:#1c1f25;--ink:#f1f2f4;"
    "--soft:#a9b0bb;--line:#343943;--deed:#8fb0ff;--on-deed:#0d1a3d;--care:#f0b76a}}*{box-sizing:border-box}"
    "body{font:1rem/1.55 system-ui,-apple-system,'Segoe UI',sans-serif;margin:0;min-height:100vh;display:grid;"
    "place-items:center;padding:1rem;background:var(--paper);color:var(--ink)}main{width:100%;max-width:30rem;padding:2rem;"
    "background:var(--card);border:1px solid var(--line);border-radius:1rem}h1{font-size:1.375rem;line-height:1.25;"
    "letter-spacing:-.01em;margin:0 0 .5rem;text-wrap:balance}p{margin:0 0 1rem;color:var(--soft)}p:last-child{margin:0}"
    ".care{color:var(--care)}code{display:block;overflow-wrap:anywhere;padding:.75rem;margin:0 0 1rem;border-radius:.5rem;"
    "background:var(--paper);font:.9rem/1.5 ui-monospace,monospace}label{display:block;font-weight:600;margin:0 0 .25rem}"
    "input{width:100%;font:inherit;padding:.65rem .75rem;border:1px solid var(--soft);border-radius:.5rem;margin:0 0 1rem;"
    "background:var(--paper);color:inherit}button,.go{display:inline-block;font:inherit;font-weight:600;padding:.65rem 1.1rem;"
    "border:0;border-radius:.5rem;background:var(--deed);color:var(--on-deed);cursor:pointer;text-decoration:none}"
    ":focus-visible{outline:3px solid var(--deed);outline-offset:2px}img{display:block;width:10rem;height:10rem;"
    "margin:0 0 1rem;background:#fff;border-radius:.5rem}"
)
_FRAME_STYLE = "html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block}"


def source_hash(text: str) -> str:
    """A Content-Security-Policy source for one inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def message(title: str, text: str) -> str:
    """A headline and a sentence."""
    return shell(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def password(problem: str) -> str:
    """Asks for a link's password; `problem` is what was wrong with the last one."""
    care = f'<p class="care" role="alert">{escape(problem)}</p>' if problem else ""
    return shell(
        "This link is protected",
        "<h1>This link is protected</h1><p>Whoever sent it to you has the password.</p>"
        f'{care}<form method="post"><label for="p">Password</label>'
        '<input id="p" name="password" type="password" autocomplete="off" maxlength="128" required autofocus>'
        "<button>Open the link</button></form>",
    )


def peek(short: str, url: str, qr_path: str) -> str:
    """Where a link leads, without going there; `url` is empty where that may not be said."""
    leads = f"<p>This short link leads to</p>{_address(url)}" if url else "<p>Where it leads is not shown.</p>"
    return shell(
        f"About {short}",
        f"<h1>{escape(short)}</h1>{leads}"
        f'<img src="{escape(qr_path)}" alt="QR code of this short link" width="160" height="160">{_button(url, "Go there")}',
    )


def warning(url: str, reason: str) -> str:
    """Before a destination that was marked unsafe."""
    why = f"<p>{escape(reason)}</p>" if reason else ""
    return shell(
        "Careful: this link may be unsafe",
        '<h1 class="care">Careful: this link may be unsafe</h1>'
        f"<p>It was marked as one that could harm you or your device.</p>{why}{_address(url)}"
        f"{_button(url, 'Continue at my own risk')}",
    )


def once(short: str) -> str:
    """To those who only look at a one-time link: opening it would use it up."""
    return message("This link opens once", f"{short} can be opened by one visitor, one time.")


def app(app_url: str, url: str) -> tuple[str, str]:
    """Tries an app, then goes on; the page and its script's source hash."""
    script = (
        "var d=document.getElementById('go').dataset;location.replace(d.app);"
        "setTimeout(function(){if(!document.hidden)location.replace(d.url)},1500)"
    )
    body = (
        "<h1>Opening the app…</h1><p>If nothing happens, go on in the browser.</p>"
        f'<a class="go" id="go" data-app="{escape(app_url)}" data-url="{escape(url)}" href="{escape(url)}">Go on</a>'
        f"<script>{script}</script>"
    )
    return shell("Opening the app", body), source_hash(script)


def frame(url: str, title: str) -> tuple[str, str]:
    """The destination in a frame; the page and its style's source hash."""
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_FRAME_STYLE}</style>"
        f'<iframe src="{escape(url)}" title="{escape(title)}" allow="fullscreen"></iframe></html>\n'
    )
    return html, source_hash(_FRAME_STYLE)


def social(parts: dict[str, str], short: str) -> str:
    """What crawlers of social networks read: `parts` are title, description, image, video."""
    title = parts.get("title") or short
    metas = "".join(
        f'<meta property="og:{name}" content="{escape(parts[name])}">'
        for name in ("title", "description", "image", "video")
        if name in parts
    )
    card = "summary_large_image" if "image" in parts else "summary"
    description = escape(parts.get("description", ""))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="description" content="{description}"><meta property="og:url" content="{escape(short)}">'
        f'<meta property="og:type" content="website">{metas}<meta name="twitter:card" content="{card}">'
        f"<body><h1>{escape(title)}</h1><p>{description}</p></html>\n"
    )


def shell(title: str, body: str) -> str:
    """A whole page around its main part."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,'
        f'initial-scale=1"><title>{escape(title)}</title><style>{STYLE}</style><main>{body}</main></html>\n'
    )


def is_web(url: str) -> bool:
    """Whether a URL may stand behind a link or in a frame: a script's URL may not."""
    return url.lower().startswith(("https://", "http://"))


def is_app(url: str) -> bool:
    """Whether a URL may be handed to an app: anything with a scheme that browsers do not run themselves."""
    scheme = url.strip().lower().partition(":")[0]
    return (
        scheme.isascii()
        and scheme.isprintable()
        and scheme not in ("javascript", "data", "vbscript", "blob", "file", "")
    )


def _address(url: str) -> str:
    return f"<code>{escape(url)}</code>"


def _button(url: str, text: str) -> str:
    return f'<a class="go" href="{escape(url)}" rel="noreferrer nofollow">{escape(text)}</a>' if is_web(url) else ""
