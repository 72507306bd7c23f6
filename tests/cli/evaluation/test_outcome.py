"""How an evaluation is told."""

import io
import json

from rich.console import Console

from spark_lsp.cli.evaluation.asking import Typed
from spark_lsp.cli.evaluation.outcome import Outcome
from spark_lsp.cli.evaluation.scores import Answered

RIGHT = Answered("line", "python", False, "x", "x", "x", 0.75)
WRONG = Answered("line", "go", True, "x", "", "y", 0.25)
BLIND = Answered("line_blind", "python", False, "x", "", "")
OUTCOME = Outcome(
    "embedded",
    [RIGHT, WRONG, BLIND],
    {"python": Typed(100, 30), "rust": Typed(100, 10)},
    {"buffer_words": [Answered("line", "python", False, "x", "y", "y")]},
    {"buffer_words": Typed(200, 20)},
)


def shown(outcome: Outcome) -> str:
    console = Console(file=io.StringIO(), width=80)
    for part in outcome.as_tables():
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_headline_is_about_lines_and_saved_keys_are_those_of_all_files() -> None:
    told = OUTCOME.as_json()

    assert (3, 0.5, 0.5, 0.2) == tuple(
        told[key] for key in ("tasks", "exact_match", "shown", "saved")
    )
    assert (1, 1.0) == (told["unique"]["tasks"], told["unique"]["exact_match"])
    assert 0.0 == told["exact_match_blind"]
    assert told == json.loads(json.dumps(told))


def test_languages_are_told_that_were_completed_or_typed_in() -> None:
    told = OUTCOME.as_json()["by_language"]

    assert ["go", "python", "rust"] == [*told]
    assert [None, 0.3, 0.1] == [it["saved"] for it in told.values()]
    assert [1, 1, 0] == [it["tasks"] for it in told.values()]


def test_kinds_hold_what_stands_elsewhere_by_itself() -> None:
    told = OUTCOME.as_json()["by_kind"]

    assert (2, 1) == (told["line"]["tasks"], told["duplicated"]["tasks"])


def test_confidence_is_compared_over_all_kinds() -> None:
    told = OUTCOME.as_json()

    assert 0.25 == told["calibration_error"]
    assert [[0.25, 0.0, 1], [0.75, 1.0, 1]] == told["calibration"]
    assert [[0.75, 0.3333, 1.0], [0.25, 0.6667, 0.5]] == told["curve"]


def test_a_table_leaves_out_what_there_is_not() -> None:
    told = shown(OUTCOME)

    assert "rest of a line" in told
    assert "first use of a name" not in told
    assert "—" in told


def test_errors_are_told_each_once() -> None:
    told = shown(Outcome("embedded", errors=["it broke", "it broke"]))

    assert "2 errors: it broke" in told
    assert 1 == told.count("it broke")
