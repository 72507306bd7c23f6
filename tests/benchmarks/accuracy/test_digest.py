"""What counts as another engine, and that the figures kept are of this one."""

from pathlib import Path

import pytest

from benchmarks.accuracy.__main__ import MEASURED
from benchmarks.accuracy.digest import digest

MODULE = '''"""Prose."""

x = 1  # why
"""What it is."""


def f(a):
    """Say."""
    return a
'''


@pytest.mark.parametrize(
    "text",
    [
        MODULE.replace("Prose", "Other prose"),
        MODULE.replace("# why", "# because"),
        MODULE.replace("What it is", "Other"),
        MODULE.replace('    """Say."""\n', ""),
        MODULE.replace("(a)", "(\n    a\n)"),
    ],
)
def test_prose_and_line_breaks_make_no_other_engine(text: str, tmp_path: Path) -> None:
    assert text != MODULE
    assert told(tmp_path / "a", {"m.py": MODULE}) == told(tmp_path / "b", {"m.py": text})


@pytest.mark.parametrize(
    "files",
    [
        {"m.py": MODULE.replace("x = 1", "x = 2")},
        {"m.py": MODULE.replace("x = 1", "x = 1.0")},
        {"m.py": MODULE.replace("x = 1", "x = None")},
        {"m.py": MODULE.replace("x = 1", "x = '1'")},
        {"m.py": MODULE.replace("(a)", "(b)")},
        {"n.py": MODULE},
        {"m.py": MODULE, "n.py": ""},
        {"m.py": MODULE, "weights.bin": "\0"},
        {},
    ],
)
def test_other_code_other_names_and_other_data_do(files: dict[str, str], tmp_path: Path) -> None:
    assert told(tmp_path / "a", {"m.py": MODULE}) != told(tmp_path / "b", files)


def test_the_figures_that_are_kept_are_of_this_engine() -> None:
    assert MEASURED.read_text("utf-8").strip() == digest(), (
        "the engine is not the one that was measured: run `python -m benchmarks.accuracy`, "
        "and commit what it writes"
    )


def told(folder: Path, files: dict[str, str]) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return digest(folder)
