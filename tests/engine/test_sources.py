"""Where evidence stands is told by paths."""

import pytest

from spark_lsp.engine.sources import BESIDE, ELSEWHERE, names_of, place_of


@pytest.mark.parametrize(
    ("other", "place"),
    [
        pytest.param("src/b.py", BESIDE, id="the same directory"),
        pytest.param("lib/b.py", ELSEWHERE, id="another directory"),
        pytest.param("b.py", ELSEWHERE, id="the root"),
    ],
)
def test_a_file_is_beside_another_of_its_directory(other: str, place: int) -> None:
    """Directories below or above are others."""
    assert place_of("src/a.py", other)[0] == place


def test_the_nearer_and_the_more_alike_a_file_the_more_it_weighs() -> None:
    """The same directory, then the same language, then the rest."""
    weights = [place_of("src/a.py", other)[1] for other in ("src/b.py", "lib/b.py", "lib/b.md")]

    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 3


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("src/cache.py", ("cache", "src")),
        ("src/cache/__init__.py", ("", "cache")),
        ("src/cache.test.ts", ("cache", "src")),
        ("cache.py", ("cache", "")),
    ],
)
def test_a_file_is_imported_by_its_name_or_its_directory(path: str, names: tuple[str, str]) -> None:
    """A file that only stands for its directory has no name of its own."""
    assert names_of(path) == names
