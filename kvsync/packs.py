"""Cuts the records of popular links into packs (shared.link_packs)."""

from collections.abc import Iterable

from shared import kv_record, link_packs
from shared.errors import BadRecord


def cut(records: Iterable[tuple[str, str]], most_bytes: int) -> list[list[bytes]]:
    """The lines of each pack, from keys and values in the order of their popularity; `most_bytes` for all packs."""
    packs: list[list[bytes]] = []
    total, room = 0, 0
    for key, value in records:
        line = b"" if _is_sealed(value) else link_packs.pack_line(key, value)
        if not line:
            continue
        total += len(line)
        if total > most_bytes:
            break
        if len(line) > room:
            if len(packs) == link_packs.MOST_PACKS:
                break
            packs.append([])
            room = link_packs.MOST_BYTES
        packs[-1].append(line)
        room -= len(line)
    return packs


def _is_sealed(value: str) -> bool:
    """Sealed options stay where they are: the edge opens them link by link."""
    if '"sealed"' not in value:
        return False
    try:
        return "sealed" in kv_record.decode(value).options
    except BadRecord:
        return True
