"""The HTML of the edge's pages. Each stands alone: no script but where it says so, nothing from anywhere else."""

import re
from html import escape

from redirector.look import shell, source_hash

_FRAME_STYLE = "html,body,iframe{margin:0;border:0;width:100%;height:100%;display:block}"
# What browsers take for the host: it ends at a backslash too, and a name and a password before an @ are none of it.
_HOST = re.compile(r"(https?://(?:[^/?#\\]*@)?)([^/?#\\]*)", re.IGNORECASE)
_AGAIN = '<a class="go" href="">Try again</a>'


def message(title: str, text: str, hop: str = "misses", *, again: bool = False, reference: str = "") -> str:
    """A headline and a sentence, `hop` and `reference` as in look.shell; `again` where it may help to try once more."""
    return shell(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{_AGAIN if again else ''}", hop, reference)


def password(problem: str) -> str:
    """Asks for a link's password; `problem` is what was wrong with the last one."""
    care = f'<p class="care" id="care" role="alert">{escape(problem)}</p>' if problem else ""
    wrong = ' aria-invalid="true" aria-describedby="care"' if problem else ""
    return shell(
        "This link is protected",
        "<h1>This link is protected</h1><p>Whoever sent it to you has the password.</p>"
        f'<form method="post">{care}<label for="p">Password</label>'
        f'<input id="p" name="password" type="password" autocomplete="off" maxlength="128" required autofocus{wrong}>'
        "<button>Open the link</button></form>",
        "held",
    )


def peek(short: str, url: str, qr_path: str, report_url: str) -> str:
    """Where a link leads, without going there; `url` is empty where that may not be said."""
    leads = f"<p>This short link leads to</p>{_address(url)}" if url else "<p>Where it leads is not shown.</p>"
    path = escape(qr_path)
    code = (
        f'<div class="code"><img src="{path}" alt="QR code of this short link" width="120" height="120">'
        f'<p>Scan it to open the link, or save it as <a href="{path}" download>SVG</a> or '
        f'<a href="{path}.png" download>PNG</a>.</p></div>'
    )
    name = escape(short).replace("/", "/<wbr>", 1)  # where it has to be broken, best before the code
    return shell(
        f"About {short}", f"<h1>{name}</h1>{leads}{_button(url, 'Go there')}{code}{_report(report_url)}", "arrives"
    )


def warning(url: str, reason: str, report_url: str) -> str:
    """Before a destination that was marked unsafe."""
    why = f"<p>{escape(reason)}</p>" if reason else ""
    return shell(
        "Careful: this link may be unsafe",
        '<h1 class="care">Careful: this link may be unsafe</h1>'
        f"<p>It was marked as one that could harm you or your device.</p>{why}{_address(url)}"
        f"{_button(url, 'Continue at my own risk', 'go risk')}{_report(report_url)}",
        "held",
    )


def once(short: str) -> str:
    """To those who only look at a one-time link: opening it would use it up."""
    return message("This link opens once", f"{short} can be opened by one visitor, one time.", "held")


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
    return shell("Opening the app", body, "arrives"), source_hash(script)


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
    """A URL to be judged by: its host stands out."""
    parts = _HOST.match(url)
    before, host = parts.groups() if parts else (url, "")
    return f"<code>{escape(before)}<b>{escape(host)}</b>{escape(url[len(before + host) :])}</code>"


def _report(url: str) -> str:
    return f'<p><a href="{escape(url)}" rel="noreferrer nofollow">Report this link</a></p>' if url else ""


def _button(url: str, text: str, look: str = "go") -> str:
    link = f'<a class="{look}" href="{escape(url)}" rel="noreferrer nofollow">{escape(text)}</a>'
    return link if is_web(url) else ""
