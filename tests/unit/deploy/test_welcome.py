"""What is printed once all is ready."""

from collections.abc import Callable
from pathlib import Path

from deploy.local.settings import LocalSettings
from deploy.local.welcome import is_there, sample_link, welcome


def test_an_origin_that_dies_meanwhile_ends_nothing(tmp_path: Path, free_port: Callable[[], int]) -> None:
    settings = LocalSettings(home=tmp_path, origin_port=free_port())
    assert not is_there(settings.url("origin"))
    assert sample_link(settings, "nh_key") == f"{settings.url('edge')}/hello"
    text = welcome(settings, 1.0)
    assert "Mailbox" not in text
    assert settings.url("dashboard") in text
