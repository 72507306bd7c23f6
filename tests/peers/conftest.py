"""What the tests of the peers share."""

from collections.abc import Iterator

import pytest

from tests.peers.llama import Llama, serving


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """A real llama-server; it starts in less than a second, so each worker has its own."""
    with serving(tmp_path_factory.mktemp("llama")) as server:
        yield server
