from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from bench.click_generator import model as model_module
from bench.click_generator.agents import AGENTS, Group
from bench.click_generator.batches import Batch, batches
from bench.click_generator.draw import For, draw, fraction, key_of, spread, zipf
from bench.click_generator.model import LINKS_STEP, Drawn, Model, Shape
from bench.click_generator.places import PLACES
from bench.click_generator.rhythm import Plan
from bench.click_generator.sources import TRAFFIC
from origin.clicks import event, user_agents
from origin.clicks.geo import CONTINENTS
from shared.click_event import KINDS, MAX_BYTES

CLICKS = 40_000
SHAPE = Shape(seed=3, clicks=CLICKS, hours=4 * 7 * 24, workspaces=50, links=2_000)


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    model = Model(SHAPE)
    return [model.draw(number) for number in range(CLICKS)]


def numbered(name: int) -> Iterator[Batch]:
    return batches(Model(Shape(seed=name, clicks=250)))


def test_a_seed_makes_the_same_clicks_each_time_and_another_seed_others() -> None:
    assert list(numbered(1)) == list(numbered(1))
    ours, others = ({batch.body for batch in numbered(seed)} for seed in (1, 2))
    assert not ours & others


def test_every_batch_is_one_that_the_intake_takes() -> None:
    made = list(numbered(1))
    assert [batch.end - batch.first for batch in made] == [100, 100, 50]
    read = [msgspec.json.decode(batch.body, type=event.Batch) for batch in made]
    assert len({each.batch_id for each in read}) == 3
    assert len({click.id for each in read for click in each.clicks}) == 250
    assert {click.kind for each in read for click in each.clicks} <= set(KINDS)
    assert max(len(batch.body) for batch in made) < MAX_BYTES


def test_the_clicks_of_links_and_workspaces_fall_off_as_one_by_rank(drawn: list[Drawn]) -> None:
    by_workspace = Counter(each.workspace for each in drawn)
    assert 0.85 < by_workspace[1] / (CLICKS * 0.1763) < 1.15, "ln(2/1) / ln(51/1)"
    assert 1.5 < by_workspace[1] / by_workspace[2] < 1.9, "ln(2/1) / ln(3/2) = 1.71"
    ranks = Counter(each.rank for each in drawn if each.workspace == 1)
    assert [rank for rank, _ in ranks.most_common(3)] == [1, 2, 3]
    assert max(each.rank for each in drawn if each.workspace == 40) <= 2_000 // 40


def test_every_click_is_in_the_window_in_the_order_of_its_hours(drawn: list[Drawn]) -> None:
    hours = [each.at // 3_600_000 for each in drawn]
    assert hours == sorted(hours)
    assert hours[0] == SHAPE.first_hour
    assert hours[-1] == SHAPE.first_hour + SHAPE.hours - 1


def test_each_country_has_its_own_night_and_the_week_its_end(drawn: list[Drawn]) -> None:
    for country, hours in (("JP", 9), ("BR", -3), ("DE", 1)):
        local = Counter((each.at // 3_600_000 + hours) % 24 for each in drawn if PLACES[each.place].country == country)
        night, evening = sum(local[hour] for hour in (2, 3, 4)), sum(local[hour] for hour in (19, 20, 21))
        assert night * 8 < evening, country
    days = Counter((each.at // 86_400_000 + 3) % 7 for each in drawn)
    assert days[6] < days[1] * 0.85, "Sunday against Tuesday"


def test_the_kinds_of_traffic_have_their_shares(drawn: list[Drawn]) -> None:
    found = Counter(each.traffic for each in drawn)
    for index, traffic in enumerate(TRAFFIC):
        assert found[index] / CLICKS == pytest.approx(traffic.weight / 1000, rel=0.1)
    assert {AGENTS[each.agent].group for each in drawn} == set(Group)


def test_some_visitors_come_again_and_stay_themselves(drawn: list[Drawn]) -> None:
    people = [each for each in drawn if TRAFFIC[each.traffic].group is Group.PERSON]
    visits = Counter(each.visitor for each in people)
    assert 0.6 < len(visits) / len(people) < 0.85
    assert max(visits.values()) > 5
    assert len({(each.visitor, each.agent, each.place) for each in people}) == len(visits)


def test_the_plan_gives_every_click_an_hour() -> None:
    plan = Plan(1_000, 490_896, 48)
    assert plan.starts[0] == 0
    assert plan.starts[-1] == 1_000
    counted = Counter(plan.hour_of(number) for number in range(1_000))
    assert [counted[490_896 + hour] for hour in range(48)] == [
        end - start for start, end in zip(plan.starts, plan.starts[1:], strict=False)
    ]


def test_robots_are_robots_and_people_are_not() -> None:
    for agent in AGENTS:
        assert bool(user_agents.bot_name(agent.header)) is (agent.group is not Group.PERSON), agent.header


def test_places_agree_with_the_map() -> None:
    assert [CONTINENTS[place.country] for place in PLACES] == [place.continent for place in PLACES]
    assert len({(place.country, place.city) for place in PLACES}) == len(PLACES)


def test_slots_follow_the_weights() -> None:
    assert Counter(spread([1, 0, 3], 8)) == {0: 2, 2: 6}
    assert all(len(set(slots)) > 1 for slots in model_module.AGENT_SLOTS.values())


def test_draws_are_even_and_apart_by_purpose() -> None:
    key = key_of(5)
    values = [fraction(draw(key, number, For.LINK)) for number in range(10_000)]
    assert all(0 <= value < 1 for value in values)
    assert sum(values) / len(values) == pytest.approx(0.5, abs=0.02)
    assert draw(key, 1, For.LINK) != draw(key, 1, For.TIME)
    assert {zipf(draw(key, number, For.LINK), 3) for number in range(100)} == {1, 2, 3}


def test_link_ids_of_workspaces_do_not_meet() -> None:
    assert Model(Shape(links=LINKS_STEP - 1)).links_of(1) < LINKS_STEP
