"""The figures of the engine: what they are made of, how they are kept, and what counts as worse."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.accuracy.__main__ import FIGURES
from benchmarks.accuracy.measuring import ENGINE, Measured
from benchmarks.accuracy.table import ALL, Row, read, rows, table, worse, write
from benchmarks.distributions import distributions
from spark_lsp.cli.evaluation.asking import Typed
from spark_lsp.cli.evaluation.scores import Answered

ROW = Row(ALL, "go", 9, 4, 0.5, 0.4, 0.3, 0.7, 0.6, 0.5, 0.8, 0.3, 0.2, 0.1, 0.05)


def measured(language: str, *, exact: int, wrong: int) -> Measured:
    answers = [
        Answered(kind, language, duplicated, "x", said, said, 1.0)
        for kind in ("line", "line_blind")
        for said, count, duplicated in (("x", exact, True), ("y", wrong, False))
        for _ in range(count)
    ]
    made = Measured(0, answers, [1] * exact + [None] * wrong)
    made.typed[ENGINE] = Typed(10 * exact, exact)
    return made


def test_rows_are_about_distributions_then_languages_then_all() -> None:
    found = {
        "one": {
            "": Measured(1000),
            "go": measured("go", exact=30, wrong=10),
            "c": measured("c", exact=2, wrong=0),
        },
        "two": {"": Measured(500), "go": measured("go", exact=0, wrong=40)},
    }
    one, two, go, every = rows(found)

    assert ["one", "two", "in go", ALL] == [it.name for it in (one, two, go, every)]
    assert ("go", 1000, 42, 0.7619, 0.7619) == (
        one.languages, one.tokens, one.tasks, one.exact, one.mrr,
    )  # fmt: skip
    assert (0.0, 0.0, None) == (two.exact, two.unique, two.saved)
    assert (80, 0.375, 0.0) == (go.tasks, go.exact, go.unique)
    assert (1500, 82, 0.3902, 0.1) == (every.tokens, every.tasks, every.exact, every.saved)


def test_nothing_measured_gives_no_figures() -> None:
    every = rows({})[-1]

    assert (ALL, 0, None, None, None) == (
        every.name, every.tasks, every.exact, every.saved, every.calibration_error,
    )  # fmt: skip


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    kept = [replace(ROW, name="@a/b", saved=None), ROW]
    write(tmp_path / "figures.csv", kept)

    assert kept == read(tmp_path / "figures.csv")
    assert [] == read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (ROW, ""),
        (replace(ROW, exact=0.4951, mrr=0.9, calibration_error=0.0549), ""),
        (replace(ROW, exact=0.494), "the engine has become worse: exact from 50.0 % to 49.4 %"),
        (
            replace(ROW, saved=0.2, calibration_error=0.06),
            (
                "the engine has become worse: saved from 30.0 % to 20.0 %, "
                "calibration_error from 5.0 % to 6.0 %"
            ),
        ),
        (replace(ROW, file_cache_saved=0.0, tasks=1, name="other"), ""),
        (replace(ROW, file_cache_saved=0.0, saved=None), ""),
    ],
)
def test_an_engine_is_worse_by_more_than_half_a_point_in_any_figure_of_all(
    now: Row, told: str
) -> None:
    assert told == worse([replace(ROW, name="one", exact=1.0), ROW], [now])


def test_people_see_what_has_changed() -> None:
    console = Console(width=120, record=True, file=StringIO())
    before = [replace(ROW, name="one"), ROW]
    console.print(table(before, [replace(ROW, name="one", exact=0.52), replace(ROW, name="new")]))
    _, one, new = console.export_text().splitlines()

    assert one.split()[:5] == ["one", "4", "52.0", "+2.0", "40.0"]
    assert new.split()[:4] == ["new", "4", "50.0", "40.0"]


def test_the_figures_that_are_kept_are_of_the_evaluation_set_in_at_least_six_languages() -> None:
    kept = [it.name for it in read(FIGURES)]
    known = [it.name for it in distributions("evaluation")]

    assert known == kept[: len(known)]
    assert len([name for name in kept if name.startswith("in ")]) >= 6
    assert ALL == kept[-1]
