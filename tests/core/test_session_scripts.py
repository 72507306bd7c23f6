"""The session by example: see `tests.conversation` for the notation of its fixtures."""

from pathlib import Path

import pytest

from spark_lsp.core.policy import Policy
from tests.conversation import played
from tests.fixture import Fixture, fixtures


@pytest.mark.parametrize("path", fixtures("session"))
def test_a_session_does_what_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)

    fixture.expect("@script", played(fixture, Policy(longest=60)), update=update)
