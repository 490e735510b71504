"""Settings come from the environment and `.env`; what is wrong is named at start."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.errors import BadSetting
from shared.settings import load, read_env_file, setting

NO_FILE = Path("there-is-no-such-file")


@dataclass(frozen=True)
class Sample:
    database_url: str = setting("Where Postgres is.", alias="DATABASE_URL")
    port: int = setting("A port.", 8000, least=1)
    ratio: float = setting("A ratio.", 0.5)
    verbose: bool = setting("Say more.", default=False)
    hosts: tuple[str, ...] = setting("Hosts.", ())
    token: str = setting("A token.", "", secret=True)


def test_values_are_read_in_the_type_of_their_field() -> None:
    environ = {
        "DATABASE_URL": "pg",
        "NEARHOP_PORT": "1",
        "NEARHOP_VERBOSE": "yes",
        "NEARHOP_HOSTS": "a, b,",
        "NEARHOP_RATIO": "2",
    }
    found = load(Sample, environ, NO_FILE)
    assert found == Sample(database_url="pg", port=1, ratio=2.0, verbose=True, hosts=("a", "b"))


def test_the_prefixed_name_wins_over_the_alias_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\n\nexport NEARHOP_PORT='7'\nDATABASE_URL=file\n")
    found = load(Sample, {"NEARHOP_DATABASE_URL": "prefixed", "DATABASE_URL": "alias"}, file)
    assert (found.database_url, found.port) == ("prefixed", 7)


def test_an_empty_variable_counts_as_unset() -> None:
    assert load(Sample, {"DATABASE_URL": "pg", "NEARHOP_PORT": ""}, NO_FILE).port == 8000


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "NEARHOP_DATABASE_URL is not set: Where Postgres is."),
        ({"DATABASE_URL": "pg", "NEARHOP_PORT": "x"}, "NEARHOP_PORT is 'x', but it takes a whole number"),
        ({"DATABASE_URL": "pg", "NEARHOP_PORT": "0"}, "NEARHOP_PORT is '0', but it must be at least 1"),
        ({"DATABASE_URL": "pg", "NEARHOP_VERBOSE": "maybe"}, "NEARHOP_VERBOSE is 'maybe', but it takes true or false"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_takes(environ: dict[str, str], message: str) -> None:
    with pytest.raises(BadSetting, match=f"^{message}$"):
        load(Sample, environ, NO_FILE)


def test_a_line_of_the_file_without_a_value_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nnonsense\n")
    with pytest.raises(BadSetting, match="line 2 is not of the form NAME=value"):
        read_env_file(file)


def test_a_secret_does_not_show_in_the_repr() -> None:
    assert "hush" not in repr(Sample(database_url="pg", token="hush"))
