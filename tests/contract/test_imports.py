"""Services meet over HTTP, the outbox and KV, never by import: each imports itself and shared/ alone, deferred imports too."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("edge", "origin", "kvsync", "dashboard", "landing", "cli", "deploy")
# What one part's modules are called from inside: the Worker's modules are found below edge/.
OWN_NAMES = {"edge": {"redirector", "entry", "entry_class"}}
# The one file that may know the JavaScript side.
ADAPTER = ROOT / "edge" / "redirector" / "runtime.py"
JAVASCRIPT = {"js", "pyodide", "workers"}


def modules(folder: str) -> Iterator[Path]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "shared" not in path.relative_to(ROOT / folder).parts:
            yield path


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports, wherever in it, also by importlib and __import__."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name of what is imported"
            names.add(node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "__import__",
            "import_module",
            "importlib.import_module",
        }:
            assert isinstance(node.args[0], ast.Constant), f"{path}: an import whose name is computed cannot be checked"
            names.add(str(node.args[0].value))
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other_service(service: str) -> None:
    strangers = {*SERVICES, "tests", "bench"} - {service}
    for path in modules(service):
        assert not imported(path) & strangers, path.relative_to(ROOT)


def test_shared_needs_the_standard_library_alone() -> None:
    for path in sorted((ROOT / "shared").glob("*.py")):
        assert imported(path) <= {"shared", *sys.stdlib_module_names}, path.name


def test_one_file_of_the_edge_touches_javascript() -> None:
    for path in modules("edge"):
        if path != ADAPTER:
            assert not imported(path) & JAVASCRIPT, path.relative_to(ROOT)


def test_the_edge_needs_what_its_runtime_ships_or_is_bundled() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bundled = {requirement.partition("~")[0] for requirement in project["dependencies"]}
    for path in modules("edge"):
        allowed = {"shared", *OWN_NAMES["edge"], *JAVASCRIPT, *sys.stdlib_module_names, *bundled}
        assert imported(path) <= allowed, path.relative_to(ROOT)


@pytest.mark.parametrize("service", ["dashboard", "cli", "landing"])
def test_pages_and_commands_know_no_database(service: str) -> None:
    for path in modules(service):
        assert not imported(path) & {"psycopg", "sqlalchemy", "clickhouse_connect", "chdb"}, path.relative_to(ROOT)
