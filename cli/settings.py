"""What the environment and `.env` tell the command."""

import os
from dataclasses import dataclass
from pathlib import Path

from shared.settings import load, setting


@dataclass(frozen=True)
class Settings:
    """All have defaults: `nearhop login` is the usual way to say where and who."""

    url: str = setting("Address of Nearhop's API for the `nearhop` command, such as https://links.example.com.", "")
    api_key: str = setting("API key for the `nearhop` command.", "", secret=True)
    config: str = setting("File in which `nearhop login` keeps the address and the API key.", "")
    home: Path = setting("Folder of a local installation's data.", Path(".nearhop"))
    origin_port: int = setting("Port of origin.", 8000, least=1)


def read_settings() -> Settings:
    """The settings; raises BadSetting."""
    return load(Settings)


def config_file(settings: Settings) -> Path:
    """Where the address and the key are kept."""
    if settings.config:
        return Path(settings.config)
    return _base("XDG_CONFIG_HOME", ".config") / "nearhop" / "config.json"


def state_folder() -> Path:
    """Where interrupted imports leave what they need to go on."""
    return _base("XDG_STATE_HOME", ".local/state") / "nearhop"


def _base(variable: str, default: str) -> Path:
    given = os.environ.get(variable, "")
    # The specification says that a relative path is to be ignored.
    return Path(given) if Path(given).is_absolute() else Path.home() / default
