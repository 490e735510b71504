"""Codes below links that carry paths on: where `docs` does, `/docs/install` is its visitor's way, unless it is a code.

The code of all segments wins. So that the edge need not ask for every path, the record of a link that carries paths on names
the codes below it (docs/edge.md, `below`), and is written anew when one comes or goes. All of them are the same workspace's.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from origin.domains import service as domains
from origin.links import refusals, store, tree
from origin.links.draft import normalize_key
from origin.links.options import Records
from origin.links.redirects import forwards_paths
from origin.links.tree import MOST_BELOW, Place
from origin.problems import ApiProblem
from origin.storage.tables import Row


class Wanted(NamedTuple):
    """A code to be given to a link; one that is still to be made up ends in a slash."""

    place: Place
    forwards: bool

    @property
    def made_up(self) -> bool:
        return self.place.key.endswith("/")


async def refuse(
    connection: AsyncConnection, workspace_id: int, wanted: Collection[Wanted], but: int | None = None
) -> dict[Wanted, ApiProblem]:
    """Why some of them can't be, held against all but one link; holds what decides it until the end of the transaction."""
    deeper = [each for each in wanted if "/" in each.place.key]
    forwarding = [each for each in wanted if each.forwards and not each.made_up]
    if not deeper and not forwarding:
        return {}
    above = await tree.locked_above(connection, {each.place for each in deeper}, but)
    carrying = {place for place, (_, link) in above.items() if forwards_paths(link.redirect)}
    below = await tree.codes_below(connection, carrying | {each.place for each in forwarding})
    more = Counter(place for each in deeper for place in each.place.above() if place in carrying)
    found: dict[Wanted, ApiProblem] = {}
    for each in deeper:
        for place in each.place.above():
            if place in above and above[place][0].workspace_id != workspace_id:
                found[each] = refusals.below_foreign(*place)
            elif place in carrying and len(below.get(place, [])) + more[place] > MOST_BELOW:
                found[each] = refusals.crowded_below(*place, MOST_BELOW)
    for each in forwarding:
        codes = below.get(each.place, [])
        if any(code.workspace_id != workspace_id for code in codes):
            found[each] = refusals.foreign_below(*each.place)
        elif len(codes) > MOST_BELOW:
            found[each] = refusals.too_many_below(*each.place, MOST_BELOW)
    return found


async def refuse_change(connection: AsyncConnection, row: Row, values: dict[str, Any]) -> None:
    """Raise why a locked link can't get a place, or begin to carry paths on, that the new values of its columns give it."""
    before, place = Place(row.domain, row.key), Place(values.get("domain", row.domain), values.get("key", row.key))
    forwards = forwards_paths(values.get("redirect", row.redirect))
    begins = forwards and not forwards_paths(row.redirect)
    wanted = [Wanted(place, forwards)] if begins or place != before else []
    if begins:
        wanted += [Wanted(each, forwards) for each in await tree.alias_places(connection, row.id)]
    for refusal in (await refuse(connection, row.workspace_id, wanted, row.id)).values():
        raise refusal


async def hold_place(connection: AsyncConnection, link_id: int, domain: Any, key: Any) -> None:
    """Let nobody make codes above or below the place that a link shall get, if a domain or a key is given."""
    if not (domain or key):
        return
    now = await tree.place_of(connection, link_id)
    place = Place(domains.normalize(domain) if domain else now.domain, normalize_key(key) if key else now.key)
    await tree.hold(connection, (), [place])


async def settle(connection: AsyncConnection, records: Records, places: Iterable[tuple[str, str]]) -> None:
    """Write the records anew of the links that carry paths on above places that have got or lost a code."""
    above = await tree.locked_above(connection, {Place(*each) for each in places if "/" in each[1]})
    await store.publish(connection, records, [pair for pair in above.values() if forwards_paths(pair[1].redirect)])
