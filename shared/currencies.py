"""How many digits the smallest unit of a currency is behind the point (ISO 4217)."""

_DIGITS = {
    **dict.fromkeys(
        (
            "bif", "clp", "djf", "gnf", "isk", "jpy", "kmf", "krw", "pyg", "rwf", "ugx", "uyi", "vnd", "vuv", "xaf", "xof",
            "xpf",
        ),
        0,
    ),
    **dict.fromkeys(("bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"), 3),
    **dict.fromkeys(("clf", "uyw"), 4),
}  # fmt: skip
_USUAL_DIGITS = 2


def digits(currency: str) -> int:
    """Of a currency's code in lower case: 2 for most, 0 for the yen."""
    return _DIGITS.get(currency, _USUAL_DIGITS)
