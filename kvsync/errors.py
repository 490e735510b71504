"""What can go wrong in kvsync. The message says what to do."""


class KvError(Exception):
    """A call of the KV API failed."""

    reason = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or type(self).__doc__)


class KvBusy(KvError):
    """The KV API asks for patience (429) or failed inside (5xx). Nothing is wrong with what was sent."""

    reason = "busy"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class KvUnreachable(KvError):
    """No connection to the KV API: the call was never sent. Check NEARHOP_CLOUDFLARE_API_URL."""

    reason = "unreachable"


class KvUncertain(KvError):
    """The connection broke or fell silent after the call was sent, so it may or may not have been carried out."""

    reason = "uncertain"

    def __init__(self, message: str = "", settles_in: float | None = None) -> None:
        super().__init__(message)
        self.settles_in = settles_in  # seconds after which it is known to be over; None: only when the lease ends


class KvForbidden(KvError):
    """The KV API does not know the token, the account or the namespace: check the NEARHOP_CLOUDFLARE_* settings."""

    reason = "forbidden"


class KvRefused(KvError):
    """The KV API refuses the call for what is in it."""

    reason = "refused"


class LeaseLost(KvError):
    """The lease of these keys ran out or was taken over before they could be written."""

    reason = "lease"


class PortTaken(Exception):
    """The port for health and metrics cannot be had."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port} is taken: stop what listens there, or set NEARHOP_KVSYNC_PORT to a free port")
