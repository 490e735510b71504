"""What a workspace's plan decides."""

from shared.errors import BadSetting


def days_of_plans(setting: tuple[str, ...], name: str) -> dict[str, int]:
    """The days of each plan that a setting of this name gives, as `free=30`; raises BadSetting."""
    found = {}
    for text in setting:
        plan, _, days = text.partition("=")
        if not (plan and days.isascii() and days.isdigit() and 1 <= int(days) <= 3650):  # noqa: PLR2004  # ten years
            raise BadSetting(f"{name} has {text!r}, but it takes a plan and 1 to 3650 days, as free=30")
        found[plan] = int(days)
    return found
