"""What all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test touch the person's cache, figures or keyring, nor hear their instructions.

    An environment of Python that is active in their shell is not learned either.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LSP_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("SPARK_LSP_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("CODEX_HOME", str(tmp_path_factory.mktemp("codex")))
        patch.delenv("VIRTUAL_ENV", raising=False)
        patch.delenv("CONDA_PREFIX", raising=False)
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update`, which rewrites expectations in fixtures."""
    parser.addoption("--update", action="store_true", help="rewrite the expectations in fixtures")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expectations are to be rewritten."""
    return bool(request.config.getoption("--update"))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name fixtures by their file."""
    return val.stem if isinstance(val, Path) else None
