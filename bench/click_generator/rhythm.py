"""When clicks come: each place's day, night and weekend, added up over the world's clocks."""

import itertools
from bisect import bisect_right
from functools import cached_property

from bench.click_generator.draw import spread
from bench.click_generator.places import PLACES

WEEK = 168  # hours
PLACE_SLOTS = 512
_MONDAY = 72  # hours from the Monday before it to the beginning of unix time, a Thursday
# From midnight on, in local time: least at four in the morning, most at eight in the evening.
_HOURS = [18, 11, 7, 5, 4, 6, 12, 24, 38, 46, 50, 52, 56, 54, 50, 50, 52, 56, 62, 68, 72, 66, 48, 30]
_DAYS = [104, 108, 108, 106, 100, 84, 80]  # Monday first


def hour_of_week(unix_hour: int) -> int:
    """0 is Monday's first hour, in UTC."""
    return (unix_hour + _MONDAY) % WEEK


def place_weights(hour: int) -> list[int]:
    """How many clicks come from each place in an hour of the week in UTC, in proportion."""
    return [place.weight * _strength((hour + place.hours) % WEEK) for place in PLACES]


def place_slots() -> list[list[int]]:
    """For each hour of the week, the slots that a place is drawn from."""
    return [spread(place_weights(hour), PLACE_SLOTS) for hour in range(WEEK)]


def _strength(local_hour: int) -> int:
    return _HOURS[local_hour % 24] * _DAYS[local_hour // 24]


class Plan:
    """How many clicks fall into each hour of a window; click numbers rise with the hours."""

    def __init__(self, clicks: int, first_hour: int, hours: int) -> None:
        self.clicks = clicks
        self.first_hour = first_hour
        self.hours = hours

    @cached_property
    def starts(self) -> list[int]:
        """The number of each hour's first click, and at the end the number of all."""
        by_hour = [sum(place_weights(hour)) for hour in range(WEEK)]
        window = range(self.first_hour, self.first_hour + self.hours)
        sums = [0, *itertools.accumulate(by_hour[hour_of_week(hour)] for hour in window)]
        return [self.clicks * each // sums[-1] for each in sums]

    def hour_of(self, number: int) -> int:
        """The unix hour of a click."""
        return self.first_hour + bisect_right(self.starts, number) - 1
