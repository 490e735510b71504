"""Which of kvsync's parts answer, as /readyz tells it."""

from typing import Any

PARTS = ("postgres", "notifications", "kv")


class Health:
    """The last known state of each part. A part that was never tried is not ready."""

    def __init__(self) -> None:
        self._failures = dict.fromkeys(PARTS, "not tried yet")

    def pass_(self, part: str) -> None:
        """The part answered."""
        self._failures[part] = ""

    def fail(self, part: str, why: str) -> bool:
        """The part did not answer; True when that, or the reason, is new and worth a line in the log."""
        new = self._failures[part] != why
        self._failures[part] = why
        return new

    def failed(self, part: str) -> bool:
        """The part's last try failed, or there was none."""
        return bool(self._failures[part])

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether all is well, and the body of /readyz."""
        parts = {part: {"ok": not why, "detail": why or "ok"} for part, why in self._failures.items()}
        ready = not any(self._failures.values())
        return ready, {"status": "ok" if ready else "failing", "parts": parts}
