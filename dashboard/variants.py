"""The results of an A/B test, in figures to draw and in a sentence."""

from typing import NamedTuple

from dashboard.analytics_types import VariantResult
from dashboard.formats import money, percent, signed
from dashboard.origin_types import Link
from dashboard.question import Question


class Arm(NamedTuple):
    """A variant. Shares are of 0 to 1; `low`, `rate` and `high` are places on the bar, of 0 to 100."""

    letter: str
    result: VariantResult
    share: float
    planned: str
    low: float
    rate: float
    high: float
    rate_text: str
    revenue: str
    against: str
    verdict: str  # "better", "worse"; while clicks are too few "leads", "behind"; "even" or, of the control, ""
    url: str


class AbTest(NamedTuple):
    """All variants, and what can be said of them. `scale` is the rate at the right end of the bars."""

    arms: list[Arm]
    sentence: str
    hint: str
    decided: bool
    scale: str


def ab_test(link: Link, results: list[VariantResult], question: Question) -> AbTest:
    """The first variant is the control that the others are compared with."""
    clicks = sum(each.clicks for each in results)
    top = max((each.conversion_rate_high for each in results if each.clicks), default=0.0) or 1.0
    converted = any(each.converted for each in results)
    arms = [_arm(each, link, question, clicks, top, converted=converted) for each in results]
    sentence, hint, decided = _words(results)
    return AbTest(arms, sentence, hint, decided, percent(top))


def letter(variant: int) -> str:
    """A for the first one."""
    return chr(ord("A") + variant)


def _arm(each: VariantResult, link: Link, question: Question, clicks: int, top: float, *, converted: bool) -> Arm:
    planned = link.test_variants or []
    known = each.clicks > 0 and converted
    return Arm(
        letter(each.variant),
        each,
        each.clicks / clicks if clicks else 0.0,
        f"{planned[each.variant].percentage:g} %" if each.variant < len(planned) else "",
        100 * each.conversion_rate_low / top if known else 0,
        100 * each.conversion_rate / top if known else 0,
        100 * each.conversion_rate_high / top if known else 0,
        percent(each.conversion_rate, 2) if known else "none yet",
        " + ".join(money(amount, currency) for currency, amount in sorted(each.revenue.items())),
        _against(each),
        _verdict(each),
        question.url(variant="" if question.filters.get("variant") == str(each.variant) else str(each.variant)),
    )


def _verdict(each: VariantResult) -> str:
    if each.control:
        return ""
    if not each.significant:
        return "even"
    if not each.enough_clicks:
        return "leads" if each.difference > 0 else "behind"
    return "better" if each.difference > 0 else "worse"


def _against(each: VariantResult) -> str:
    """As in "+32 % against A"."""
    if each.control or each.lift is None:
        return ""
    chance = "" if each.p_value is None else f", p = {each.p_value:.3f}" if each.p_value >= 0.001 else ", p < 0.001"  # noqa: PLR2004  # shown digits
    return f"{signed(each.lift)} against A{chance}"


def _words(results: list[VariantResult]) -> tuple[str, str, bool]:
    """What the test says, what to do next, and whether it is decided."""
    if not any(each.clicks for each in results):
        return "No clicks in this time.", "", False
    if not any(each.converted for each in results):
        return (
            "No click of this time has led to a lead or a sale yet, so no variant can be called better.",
            "Track leads and sales to compare what the variants achieve.",
            False,
        )
    control, others = results[0], results[1:]
    found = [each for each in others if each.significant]
    wait = _wait(control, others)
    if not found:
        return "No significant difference yet: what the rates show may be chance.", wait, False
    best = max(results, key=lambda each: each.conversion_rate)
    enough = all(each.enough_clicks for each in found)
    if not enough:
        return _so_far(best, control, found), wait, False
    if best.control or not best.significant:
        names = " and ".join(letter(each.variant) for each in found)
        verb = "does" if len(found) == 1 else "do"
        worse = all(each.difference < 0 for each in found)
        return (
            f"{names} {verb} {'worse' if worse else 'differently'} than A, and the difference is significant.",
            wait,
            True,
        )
    sentence = (
        f"{letter(best.variant)} does better than A: {percent(best.conversion_rate, 2)} of its clicks convert against "
        f"{percent(control.conversion_rate, 2)}, and the difference is significant."
    )
    return sentence, wait, True


_TOO_FEW = "There are too few clicks to call it a result."


def _so_far(best: VariantResult, control: VariantResult, found: list[VariantResult]) -> str:
    """What shows before there are clicks enough to call it a result."""
    if best.control or not best.significant:
        names = " and ".join(letter(each.variant) for each in found)
        verb = "differs" if len(found) == 1 else "differ"
        return f"{names} {verb} from A so far. {_TOO_FEW}"
    return (
        f"{letter(best.variant)} leads so far: {percent(best.conversion_rate, 2)} of its clicks convert against "
        f"{percent(control.conversion_rate, 2)} of A. {_TOO_FEW}"
    )


def _wait(control: VariantResult, others: list[VariantResult]) -> str:
    """How many clicks a dependable answer needs, while there are fewer."""
    needed = max((each.minimum_clicks or 0 for each in others), default=0)
    fewest = min((control, *others), key=lambda each: each.clicks)
    if needed <= fewest.clicks:
        return ""
    return (
        f"To tell a difference of 20 % apart from chance each variant needs about {needed:,} clicks; "
        f"{letter(fewest.variant)} has {fewest.clicks:,}. Who stops at the first “significant” errs more often."
    )
