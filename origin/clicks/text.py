"""Words that stand for missing values in stored clicks, and how much of a long value is kept."""

UNKNOWN = "Unknown"
DIRECT = "(direct)"

LONGEST_NAME = 200
LONGEST_HEADER = 1_000
LONGEST_URL = 4_000
