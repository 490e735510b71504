"""What origin can answer instead of what was asked for; app.py turns each into a page."""


class OriginError(Exception):
    """Origin did not do what was asked."""


class OriginDown(OriginError):
    """Origin does not answer, or answers that it cannot work just now; `message` is what it says then."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.message = message


class NeedsLogin(OriginError):
    """There is no valid session: log in."""


class NotThere(OriginError):
    """There is no such thing in this workspace."""


class Refused(OriginError):
    """Origin refuses the request, and says why. `field` names the input that is wrong, where origin says so."""

    def __init__(self, status: int, message: str, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field
