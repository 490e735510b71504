"""Waiting until every process says on /readyz that all its parts answer."""

import asyncio
import json
import urllib.error
import urllib.request

from deploy.local.errors import CannotStart

_PAUSE_SECONDS = 0.1
_PROBE_TIMEOUT_SECONDS = 5.0


async def wait_until_ready(urls: dict[str, str], timeout: float) -> None:  # noqa: ASYNC109  # it names who was late
    """Ask each `{name: base URL}` until all are ready; raises CannotStart that names the late ones and why."""
    reasons = dict.fromkeys(urls, "no answer yet")
    try:
        async with asyncio.timeout(timeout):
            await asyncio.gather(*(_wait_for(name, url, reasons) for name, url in urls.items()))
    except TimeoutError as error:
        late = "; ".join(f"{name}: {why}" for name, why in reasons.items() if why)
        raise CannotStart(f"Not ready after {timeout:.0f} s: {late}. See the lines above, it may say why.") from error


async def _wait_for(name: str, url: str, reasons: dict[str, str]) -> None:
    while True:
        reasons[name] = await asyncio.to_thread(why_not_ready, url)
        if not reasons[name]:
            return
        await asyncio.sleep(_PAUSE_SECONDS)


def why_not_ready(url: str) -> str:
    """Empty once the process is ready, else the parts that are not."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=_PROBE_TIMEOUT_SECONDS):  # noqa: S310  # our own address
            return ""
    except urllib.error.HTTPError as error:
        return _parts(error.read()) or f"answers {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _parts(body: bytes) -> str:
    try:
        parts = json.loads(body)["parts"]
        return ", ".join(f"{name} ({part.get('detail', 'no')})" for name, part in parts.items() if not part["ok"])
    except (ValueError, KeyError, AttributeError, TypeError):
        return ""
