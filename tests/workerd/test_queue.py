"""The local queue's files: what was acknowledged is read back in order, through crashes and damage, and the disk is freed."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.workerd.edge_process import ROOT

RUNNER = ROOT / "deploy/local/edge_runner"
# `all(log)` reads what is there, as texts.
SCRIPT = """
import fs from "node:fs/promises";
import path from "node:path";
import { MessageLog } from "%(runner)s/message_log.mjs";
import { Queue } from "%(runner)s/queue.mjs";
const folder = %(folder)s;
const said = [];
const open = (segmentBytes) => new MessageLog(folder, 128_000, (...line) => said.push(line), segmentBytes).open();
const append = (log, texts) => Promise.all(texts.map((text) => log.append(Buffer.from(text))));
const all = async (log) => {
    const found = [];
    for (let message; (message = await log.next()); await log.done()) found.push(message.toString());
    return found;
};
const segments = async () => (await fs.readdir(folder)).filter((name) => name.endsWith(".seg")).sort();
const answer = (value) => console.log(JSON.stringify(value));
%(body)s
process.exit(0);
"""


def run(folder: Path, body: str) -> Any:
    """What a script with `answer(...)` in it says."""
    script = SCRIPT % {"runner": RUNNER, "folder": json.dumps(str(folder)), "body": body}
    command = ["node", "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def texts(numbers: range) -> list[str]:
    return [f"message {number}" for number in numbers]


def test_messages_that_come_together_share_a_sync_and_leave_in_order(tmp_path: Path) -> None:
    found = run(
        tmp_path / "queue",
        """
        const log = await open();
        let commits = 0;
        const commit = log.commit.bind(log);
        log.commit = (data) => { commits += 1; return commit(data); };
        await append(log, [...Array(100).keys()].map((n) => `message ${n}`));
        answer([commits, await all(log), await segments(), log.bytes]);
        """,
    )
    assert found == [2, texts(range(100)), [], 0]


def test_a_new_process_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    first = run(
        tmp_path,
        """
        const log = await open();
        await append(log, ["message 0", "message 1", "message 2"]);
        await log.next();
        await log.done();
        answer((await log.next()).toString());
        """,
    )
    second = run(tmp_path, "const log = await open(); await append(log, ['message 3']); answer(await all(log));")
    assert (first, second) == ("message 1", texts(range(1, 4)))


def test_without_a_note_of_its_place_it_repeats_rather_than_loses(tmp_path: Path) -> None:
    body = (
        "const log = await open(); await append(log, ['message 0', 'message 1']); await log.next(); await log.done();"
    )
    run(tmp_path, body + "answer(0)")
    (tmp_path / "place.json").write_text("{", encoding="utf-8")
    assert run(tmp_path, "answer(await all(await open()))") == texts(range(2))


def test_full_segments_are_freed_as_they_are_read(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const log = await open(30);
        for (let n = 0; n < 6; n += 1) await log.append(Buffer.from(`message ${n}`));
        const before = await segments();
        for (let n = 0; n < 3; n += 1) { await log.next(); await log.done(); }
        await log.next();
        answer([before.length, (await segments()).length, await all(log)]);
        """,
    )
    assert found == [3, 2, texts(range(3, 6))]


def test_what_a_crash_cut_off_is_dropped_and_what_was_damaged_is_kept(tmp_path: Path) -> None:
    body = "const log = await open(); await append(log, ['message 0', 'message 1']); answer(await segments());"
    (torn,) = run(tmp_path, body)
    with (tmp_path / torn).open("ab") as file:
        file.write(b"\x40\x00\x00\x00 the beginning of")
    assert run(tmp_path, "answer([await all(await open()), await segments()])") == [texts(range(2)), []]
    (damaged,) = run(tmp_path, body)
    data = bytearray((tmp_path / damaged).read_bytes())
    data[-1] ^= 1
    (tmp_path / damaged).write_bytes(data)
    assert run(tmp_path, "answer([await all(await open()), await segments()])") == [["message 0"], []]
    (kept,) = (tmp_path / "damaged").iterdir()
    assert kept.read_bytes() == bytes(data)


def test_segments_that_somebody_deletes_are_told_of_and_hold_nothing_up(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const log = await open(30);
        for (let n = 0; n < 5; n += 1) await log.append(Buffer.from(`message ${n}`));
        const [first, , newest] = await segments();
        for (const name of [first, newest]) await fs.unlink(path.join(folder, name));
        await log.append(Buffer.from("message 5"));
        answer([await all(log), said.map(([event, fields]) => [event, fields.lost_segments]), log.lostSegments, log.bytes]);
        """,
    )
    lost = [["queue segment lost", 1], ["queue segment lost", 2]]
    assert found == [["message 2", "message 3", "message 5"], lost, 2, 0]


def test_messages_in_files_of_their_own_are_taken_over(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"179560000000{number}-abc.json").write_text(f"message {number}", encoding="utf-8")
    body = "const queue = await new Queue(folder, async () => 'later').open(); answer(await all(queue.log));"
    assert run(tmp_path, body) == texts(range(3))
    assert not list(tmp_path.glob("*.json.*"))
    assert [path.name for path in tmp_path.glob("*.json")] == ["place.json"]


def test_a_message_that_origin_stumbles_over_does_not_hold_the_others_up(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const taken = [];
        const queue = await new Queue(folder, async (message) => {
            if (message.toString() === "bad") return "later";
            taken.push(message.toString());
            if (taken.length === 3) queue.stop();
            return "taken";
        }).open();
        queue.pause = async () => {};
        await append(queue.log, ["bad", "message 0", "message 1", "message 2"]);
        await queue.consume();
        answer([taken, await all(queue.log)]);
        """,
    )
    assert found == [texts(range(3)), ["bad"]]


def test_a_full_queue_and_a_strangers_message_are_refused(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const queue = await new Queue(folder, async () => "later", 100).open();
        const send = async (body, token) => (await fetch(`http://${queue.address}/`, {
            method: "POST", body, headers: { Authorization: `Bearer ${token}` },
        })).status;
        const sent = [];
        for (const body of ["a".repeat(50), "b".repeat(50), "c".repeat(200_000)]) sent.push(await send(body, queue.token));
        sent.push(await send("d", "x".repeat(43)));
        answer([sent, (await all(queue.log)).map((text) => text.length)]);
        """,
    )
    assert found == [[202, 507, 413, 401], [50]]
