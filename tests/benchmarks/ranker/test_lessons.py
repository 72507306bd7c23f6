"""Lessons are what the engine makes of places whose tokens are known."""

from pathlib import Path

import numpy as np

from benchmarks.ranker.lessons import Lessons, lessons
from spark_lsp.engine.features import FEATURES, SITUATION

SOURCE = """import json

def read(path, limit):
    with open(path) as file:
        data = json.load(file)
    return data[:limit]

def write(path, data):
    with open(path, "w") as file:
        json.dump(data, file)
    return path
"""


def made(folder: Path, libraries: tuple[Path, ...] = ()) -> Lessons:
    """The lessons of two files that are much alike."""
    for name in ("one.py", "two.py"):
        (folder / name).write_text(SOURCE, "utf-8")
    return lessons(folder, libraries, 40)


def test_every_prediction_has_its_candidates(tmp_path: Path) -> None:
    """What came is one of them, or none."""
    made_ = made(tmp_path)

    assert made_.features.shape == (made_.sizes.sum(), FEATURES)
    assert made_.situations.shape == (made_.came.size, SITUATION)
    assert ((made_.came >= -1) & (made_.came < made_.sizes)).all()
    assert (made_.came >= 0).mean() > 0.8, "most of it stands in the other file"


def test_the_same_sources_give_the_same_lessons(tmp_path: Path) -> None:
    """On every machine."""
    one, other = made(tmp_path), made(tmp_path)

    assert (one.features == other.features).all()
    assert (one.came == other.came).all()


def test_a_library_is_known_as_foreign(tmp_path: Path) -> None:
    """It adds evidence, and no places."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "more.py").write_text("json.load(file)\n" * 3, "utf-8")
    own = tmp_path / "own"
    own.mkdir()
    alone, with_it = made(own), made(own, (library,))

    assert alone.came.size == with_it.came.size
    assert not np.array_equal(alone.features, with_it.features)
