"""Making links, many at once: what can be made is made, and for the rest it is said why not."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from origin import ids
from origin.accounts.access import Actor
from origin.domains import service as domains
from origin.folders import service as folders
from origin.links import below, caps, history, passwords, refusals, search, store, tree
from origin.links.below import Wanted
from origin.links.codes import Codes
from origin.links.draft import Draft, draft
from origin.links.loops import Loops
from origin.links.model import NewLink
from origin.links.options import Records
from origin.links.redirects import forwards_paths
from origin.links.tree import Place
from origin.problems import ApiProblem, Conflict, Unprocessable
from origin.safety import standing
from origin.safety.checks import Safety
from origin.storage.tables import Row
from origin.tags import service as tags

# A made-up code of the usual length can only meet a code that somebody chose.
_ROUNDS = 5

# What has become of each link: its number, a reason why there is none, or a draft that still waits.
Outcome = list[int | Draft | ApiProblem]


@dataclass(frozen=True, slots=True)
class Creation:
    """One call's links, on the caller's transaction."""

    codes: Codes
    loops: Loops
    default_domain: str
    allow_private: bool
    records: Records
    safety: Safety
    connection: AsyncConnection
    actor: Actor

    async def run(self, bodies: list[NewLink | ApiProblem]) -> list[int | ApiProblem]:
        """For each the number of its link, or why it was not made."""
        default = await domains.primary(self.connection, self.actor.workspace_id, self.default_domain)
        outcome: Outcome = [self._draft(body, default) for body in bodies]
        await self._refuse_foreign_domains_and_loops(outcome)
        await self._refuse_what_is_closed(outcome)
        await self._refuse_what_lies_wrong(outcome)
        await self._refuse_unknown_folders(outcome)
        tagged = await self._find_tags(outcome)
        _refuse_repeated(outcome)
        await _hash_passwords(outcome)
        for _ in range(_ROUNDS):
            await self._insert(outcome, tagged)
        return [
            Conflict("keyLength: codes of this length are used up.") if isinstance(each, Draft) else each
            for each in outcome
        ]

    def _draft(self, body: NewLink | ApiProblem, default_domain: str) -> Draft | ApiProblem:
        if isinstance(body, ApiProblem):
            return body
        try:
            with self.loops.said_first():
                made = draft(body, default_domain, allow_private=self.allow_private)
            return self.safety.refusal([(field, to.url) for field, to in made.destinations]) or made
        except ApiProblem as problem:
            return problem

    async def _refuse_foreign_domains_and_loops(self, outcome: Outcome) -> None:
        drafts = [each for each in outcome if isinstance(each, Draft)]
        usable = await domains.usable(self.connection, self.actor.workspace_id, {each.domain for each in drafts})
        loops = await self.loops.among(self.connection, [to for each in drafts for _, to in each.destinations])
        for index, each in enumerate(outcome):
            if not isinstance(each, Draft):
                continue
            back = next(((field, to.host) for field, to in each.destinations if to in loops), None)
            if each.domain not in usable:
                outcome[index] = refusals.foreign_domain(each.domain)
            elif back is not None:
                outcome[index] = refusals.loop(*back)
            elif usable[each.domain]:
                each.ignores_case = True
                each.key = each.key and each.key.lower()

    async def _refuse_what_is_closed(self, outcome: Outcome) -> None:
        drafts = [each for each in outcome if isinstance(each, Draft)]
        places = {(each.domain, each.key) for each in drafts if each.key is not None}
        urls = {to.url for each in drafts for _, to in each.destinations}
        closed = await standing.closed(self.connection, self.actor.workspace_id, places, urls)
        for index, each in enumerate(outcome):
            if isinstance(each, Draft):
                named = [(field, to.url) for field, to in each.destinations]
                outcome[index] = closed.refusal((each.domain, each.key), named) or each

    async def _refuse_what_lies_wrong(self, outcome: Outcome) -> None:
        """Codes below another's, or so many below a link that carries paths on that its record could not name them."""
        wanted = {index: found for index, each in enumerate(outcome) if (found := _wanted(each)) is not None}
        deeper = [each.place for each in wanted.values() if "/" in each.place.key]
        await tree.hold(self.connection, deeper, [each.place for each in wanted.values() if each.forwards])
        refused = await below.refuse(self.connection, self.actor.workspace_id, list(wanted.values()))
        for index, each in wanted.items():
            outcome[index] = refused.get(each) or outcome[index]

    async def _refuse_unknown_folders(self, outcome: Outcome) -> None:
        wanted = {each.columns["folder_id"] for each in outcome if isinstance(each, Draft)} - {None}
        known = await folders.known(self.connection, self.actor.workspace_id, wanted)
        for index, each in enumerate(outcome):
            if isinstance(each, Draft) and each.columns["folder_id"] not in known | {None}:
                outcome[index] = refusals.unknown_folder(ids.public(ids.FOLDER, each.columns["folder_id"]))

    async def _find_tags(self, outcome: Outcome) -> dict[int, set[int]]:
        """The numbers of the tags that each link of the list shall carry, by its place."""
        choices = {index: each.tags for index, each in enumerate(outcome) if isinstance(each, Draft)}
        wanted_ids = {tag for choice in choices.values() for tag in choice.ids}
        names = {name for choice in choices.values() for name in choice.names}
        numbers: dict[str, int] = {}
        if wanted_ids or names:
            numbers = await tags.numbers(self.connection, self.actor.workspace_id, wanted_ids, names)
        tagged = {}
        for index, choice in choices.items():
            try:
                tagged[index] = choice.resolved(numbers)
            except Unprocessable as problem:
                outcome[index] = problem
        return tagged

    async def _insert(self, outcome: Outcome, tagged: dict[int, set[int]]) -> None:
        """Put numbers or problems in the place of drafts; a made-up key that is taken leaves its draft for another round."""
        drafts = [each for each in outcome if isinstance(each, Draft)]
        if not drafts:
            return
        await self._make_up_keys(drafts)
        try:
            inserted = await store.insert_free(self.connection, [self._row(each) for each in drafts])
        except IntegrityError as error:
            raise Conflict("A domain or folder was deleted at this very moment: try again.") from error
        await store.seal(self.connection, self.records, list(inserted.values()), new=True)
        await below.settle(self.connection, self.records, inserted)
        await caps.begin(self.connection, list(inserted.values()))
        await search.index(self.connection, list(inserted.values()))
        left = [(each.domain, str(each.key)) for each in drafts if (each.domain, str(each.key)) not in inserted]
        taken = await store.taken(self.connection, left) if left else set()
        made = {}
        for index, waiting in enumerate(outcome):
            if isinstance(waiting, Draft):
                outcome[index] = became = _became(waiting, inserted, taken)
                if isinstance(became, int):
                    made[became] = tagged[index]
        await tags.put(self.connection, made, fresh=True)
        await history.created(self.connection, self.actor.workspace_id, inserted.values(), made)

    async def _make_up_keys(self, drafts: list[Draft]) -> None:
        """Give each draft without a key of its own one that no other draft of this call has."""
        for each in drafts:
            each.made_up = each.made_up or each.key is None
        used = {(each.domain, each.key) for each in drafts if not each.made_up}
        for each in drafts:
            while each.made_up and (each.key is None or (each.domain, each.key) in used):
                made = await self.codes.next(self.connection, each.key_length)
                made = f"{each.prefix}/{made}" if each.prefix else made
                each.key = made.lower() if each.ignores_case else made
            used.add((each.domain, each.key))

    def _row(self, each: Draft) -> dict[str, Any]:
        place = {"domain": each.domain, "key": each.key}
        return {**each.columns, **place, "workspace_id": self.actor.workspace_id, "user_id": self.actor.user_id}


def _became(each: Draft, inserted: dict[tuple[str, str], Row], taken: set[tuple[str, str]]) -> int | Draft | ApiProblem:
    pair = (each.domain, str(each.key))
    if pair in inserted:
        return int(inserted[pair].id)
    if pair not in taken:
        return refusals.taken_external_id(each.columns.get("external_id"))
    if not each.made_up:
        return refusals.taken_key(*pair)
    each.key = None  # for the next round
    return each


def _wanted(each: int | Draft | ApiProblem) -> Wanted | None:
    """The place that a link is to have, as far as it is known."""
    if not isinstance(each, Draft) or not (each.key or each.prefix):
        return None
    key = each.key or f"{each.prefix}/"
    place = Place(each.domain, key.lower() if each.ignores_case else key)
    return Wanted(place, forwards_paths(each.columns["redirect"]))


def _refuse_repeated(outcome: Outcome) -> None:
    """Of links in one call with the same key or external id, the first is the one to be made."""
    seen: set[tuple[str, ...]] = set()
    for index, each in enumerate(outcome):
        if not isinstance(each, Draft):
            continue
        external_id = each.columns.get("external_id")
        pairs = ({(each.domain, each.key)} if each.key else set()) | ({(external_id,)} if external_id else set())
        if pairs & seen:
            repeated = (external_id,) in seen
            key = str(each.key)
            outcome[index] = (
                refusals.taken_external_id(external_id) if repeated else refusals.taken_key(each.domain, key)
            )
        else:
            seen |= pairs


async def _hash_passwords(outcome: Outcome) -> None:
    for each in outcome:
        if isinstance(each, Draft) and each.password:
            each.columns["password_hash"] = await passwords.verifier(each.password)
