"""SQL in files of its own: `-- name: ...` starts a query, the comment below says what it is for."""

from pathlib import Path


def load(path: Path) -> dict[str, str]:
    """The queries of a file by their names, comments left out."""
    queries: dict[str, list[str]] = {}
    current: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-- name:"):
            current = queries.setdefault(line.partition(":")[2].strip(), [])
        elif not line.lstrip().startswith("--"):
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in queries.items()}
