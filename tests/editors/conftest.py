"""What the tests of all editors begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.editors.desk import Desk, at_desk
from tests.model import Model, scripted_model


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with scripted_model() as it:
        yield it


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_desk(tmp_path) as it:
        yield it
