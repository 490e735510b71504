"""`nearhop links import`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.config import account
from cli.console import counted, err, note, say, show_json
from cli.errors import REFUSED, Interrupted, UsageError
from cli.importing.job import Job
from cli.importing.journal import Journal, journal_path
from cli.importing.outcome import Status
from cli.importing.report import write_output, write_refused
from cli.importing.rows import Format, detect, read
from cli.importing.send import Sender
from cli.origin_client import OriginClient
from cli.settings import read_settings, state_folder

# An import goes on through a restart of Nearhop.
PATIENCE_SECONDS = 120.0
_SHOWN = 10


def import_links(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads stdin.")],
    form: Annotated[Format | None, typer.Option("--format", help="By default: by the file's name or content.")] = None,
    report: Annotated[str, typer.Option(help="Where refused lines go; FILE.refused.csv by default.")] = "",
    output: Annotated[str, typer.Option(help="Write every line's short link to this CSV.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Make a short link of every line of a file.

    text: one URL a line; empty lines and lines that start with # are passed over.

    csv: the first line names the columns: url, and any of key, domain, externalId, title, description, image, comments,
    archived, tenantId, utm_source, utm_medium, utm_campaign, utm_term, utm_content. Other columns are passed over.

    jsonl: one JSON object a line, with the fields that POST /links takes.

    It is safe to run this again, on the same file or a longer one. Each link gets an external id: the row's own externalId, or
    "import:" and a digest of the row's url, domain and key. A row whose external id is taken in the workspace has its link and
    makes no other; a link that was deleted meanwhile is made again. An interrupted import goes on where it stopped.

    Lines that are refused do not stop the others. They are written with their reasons to FILE.refused.csv, which can be put
    right and imported itself. The exit code is 1 when there are any.
    """
    content = _read(file)
    rows = list(read(content, form or detect(file, content)))
    found = account(read_settings())
    path = journal_path(state_folder(), found.url, found.api_key, content)
    with Journal(path) as journal, OriginClient(found.url, found.api_key, patience=PATIENCE_SECONDS) as origin:
        job = Job(rows, Sender(origin, journal.run), journal)
        _run(job)
        if output:
            job.complete_short_links()
            write_output(Path(output), [job.results[row.line] for row in rows])
    _conclude(job, _report_paths(file, report), as_json=as_json)


def _run(job: Job) -> None:
    try:
        with _progress(len(job.rows)) as advanced:
            job.run(advanced)
    except KeyboardInterrupt as error:
        done = sum(each.done for each in job.results.values())
        raise Interrupted(
            f"interrupted after {done} of {len(job.rows)} lines: the same command goes on there"
        ) from error


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from error


def _report_paths(file: str, given: str) -> list[Path]:
    if given:
        return [Path(given)]
    name = "stdin" if file == "-" else Path(file).name
    beside = [] if file == "-" else [Path(f"{file}.refused.csv")]
    return [*beside, state_folder() / "imports" / f"{name}.refused.csv"]


def _conclude(job: Job, report_paths: list[Path], *, as_json: bool) -> None:
    refused = job.refused()
    report = write_refused(report_paths, refused) if refused else None
    counts = job.counts()
    if as_json:
        summary = {"lines": len(job.rows), "resumed": job.resumed, **{each.value: counts[each] for each in Status}}
        reasons = [{"line": result.line, "url": result.url, "reason": result.reason} for _, result in refused]
        show_json({**summary, "report": str(report) if report else None, "refusals": reasons})
    else:
        say(_sentence(job))
        for _, result in refused[:_SHOWN]:
            note(f"line {result.line}: {result.reason}   {result.url[:100]}")
        if report:
            note(f"{len(refused)} refused lines, with the reasons: {report}")
    if refused:
        raise typer.Exit(REFUSED)


def _sentence(job: Job) -> str:
    counts = job.counts()
    resumed = f" ({job.resumed} before the interruption)" if job.resumed else ""
    made = f"{counted(counts[Status.CREATED], 'link')} made{resumed}"
    return (
        f"{counted(len(job.rows), 'line')}: {made}, {counts[Status.EXISTING]} were there already, "
        f"{counts[Status.REPEATED]} repeated, {counts[Status.REFUSED]} refused"
    )


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    console = err()
    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda rows: progress.advance(task, rows)
