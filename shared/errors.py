"""What can be wrong with a value that crosses a service boundary. The message says what to do."""


class ContractError(ValueError):
    """A value breaks the contract between two services."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or type(self).__doc__)


class BadRecord(ContractError):
    """This KV record has a format that this release does not read."""


class BadSignature(ContractError):
    """The signature is missing or does not match: check that both sides hold the same NEARHOP_EDGE_SECRET."""


class StaleSignature(BadSignature):
    """The signature's time is outside the replay window: sign again, and check both clocks."""


class BadCode(ContractError):
    """A code may not be used as a short link's path."""


class BadDomain(ContractError):
    """A domain name is not a valid host name."""


class BadSetting(ContractError):
    """A setting is missing or cannot be read."""
