"""What the tests of all editors begin with."""

from collections.abc import AsyncIterator

import pytest

from tests.model import Model, scripted_model


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with scripted_model() as it:
        yield it
