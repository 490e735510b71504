"""The command `nearhop`."""

import sys

import typer

from cli import links, login, stats
from cli.console import note
from cli.errors import USAGE, CliError
from cli.importing.command import import_links
from shared.errors import BadSetting

_HELP = """Short links from the terminal.

Exit codes: 0 done; 1 refused by Nearhop, or some lines of an import were; 2 wrong usage or not logged in; 3 Nearhop does not
answer; 130 interrupted."""

commands = typer.Typer(
    name="nearhop",
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_links = typer.Typer(help="Make, find and delete links.", no_args_is_help=True, rich_markup_mode=None)
commands.add_typer(_links, name="links")
commands.command("login")(login.login)
commands.command("logout")(login.logout)
commands.command("stats")(stats.stats)
_links.command("create")(links.create)
_links.command("list")(links.show_list)
_links.command("delete")(links.delete)
_links.command("import")(import_links)


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; returns the exit code and lets no error out but with its sentence."""
    try:
        commands(arguments, prog_name="nearhop")
    except CliError as error:
        note(f"nearhop: {error}")
        return error.code
    except BadSetting as error:
        note(f"nearhop: {error}")
        return USAGE
    except SystemExit as ended:  # how Typer ends every command, with the exit code
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def app() -> None:
    """The installed command."""
    sys.exit(run())


if __name__ == "__main__":
    app()
