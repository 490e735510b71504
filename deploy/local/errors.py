"""Why a local start did not succeed. The message is what the user reads, so it says what to do."""


class CannotStart(Exception):
    """This machine is not ready for a start."""


class CannotStayUp(Exception):
    """A process ended again and again."""
