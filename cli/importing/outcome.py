"""What came of the rows of an import."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What came of one row."""

    CREATED = "created"
    EXISTING = "existing"  # a former run made it, or somebody with the same external id
    REPEATED = "repeated"  # an earlier row of this file is the same link
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """One row's end. `reason` is why it was refused; `short_link` is empty when it is not known."""

    line: int
    url: str
    status: Status
    reason: str = ""
    short_link: str = ""
    external_id: str = ""

    @property
    def done(self) -> bool:
        """Nothing is left to do for this row, in any later run."""
        return self.status in {Status.CREATED, Status.EXISTING}
