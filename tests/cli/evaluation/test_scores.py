"""What the figures mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.evaluation.scores import (
    Answered,
    bins,
    calibration_error,
    curve,
    distance,
    figures,
    similarity,
)

WORDS = st.text(alphabet="ab é😀\n", max_size=30)


def answered(
    expected: str, shown: str, said: str, confidence: float | None = None, kind: str = "line"
) -> Answered:
    return Answered(kind, "python", False, expected, shown, said, confidence)


def classic(one: str, other: str) -> int:
    """The table of the textbook, row by row."""
    above = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        row = [at]
        for column, it in enumerate(other):
            row.append(min(above[column + 1] + 1, row[-1] + 1, above[column] + (char != it)))
        above = row
    return above[-1]


@given(WORDS, WORDS)
def test_the_distance_is_that_of_the_textbook(one: str, other: str) -> None:
    assert classic(one, other) == distance(one, other)


@given(WORDS, WORDS)
def test_similarity_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    assert 0 <= similarity(one, other) <= 1
    assert similarity(one, other) == similarity(other, one)
    assert (similarity(one, other) == 1) == (one == other)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("a" * 300, "a" * 299 + "b", 1)],
)
def test_known_distances(one: str, other: str, edits: int) -> None:
    assert edits == distance(one, other)


def test_a_first_line_is_exact_whatever_follows_and_whatever_blanks_end_it() -> None:
    told = figures([answered("x)  \n", "x)\ny", "x)\ny")])

    assert (1, 1, 1) == (told["exact_match"], told["shown_exact"], told["edit_similarity"])


def test_what_is_right_as_far_as_it_goes_is_right_but_not_exact() -> None:
    told = figures([answered("x + y", "x", "x + z")])

    assert (0, 0, 1) == (told["exact_match"], told["shown_exact"], told["shown_right"])
    assert 0.8 == told["edit_similarity"]


def test_shares_are_of_all_tasks_or_of_those_shown() -> None:
    told = figures([answered("x", "x", "x"), answered("x", "", "x"), answered("x", "y", "y")])

    assert (0.6667, 0.6667) == (told["exact_match"], told["shown"])
    assert (0.5, 0.5) == (told["shown_exact"], told["shown_right"])


def test_of_a_block_all_lines_are_compared() -> None:
    block = answered("ab\ncd", "", "ab\n", kind="block")

    assert block.exact
    assert 0.4 == block.similarity
    assert 1 == answered("ab\ncd", "", "ab\n").similarity


def test_nothing_said_is_never_exact() -> None:
    assert not answered("", "", "").exact


def test_of_nothing_all_shares_are_zero_and_nobody_was_sure() -> None:
    told = figures([])

    assert {0} == {told[key] for key in ("tasks", "exact_match", "shown", "shown_exact")}
    assert (None, None) == (told["saved"], told["calibration_error"])


def test_whoever_is_as_often_right_as_they_are_sure_is_not_off_at_all() -> None:
    answers = [answered("x", "", "x" if at < 3 else "y", 0.75) for at in range(4)]

    assert 0 == calibration_error(bins(answers))


def test_bins_weigh_as_much_as_they_hold() -> None:
    sure = [answered("x", "", "y", 1.0)]
    unsure = [answered("x", "", "y", 0.0)] * 3

    assert 0.25 == calibration_error(bins([*sure, *unsure]))
    assert [3, 1] == [it.answers for it in bins([*sure, *unsure])]


def test_answers_without_confidence_count_for_the_curve_as_not_shown() -> None:
    answers = [
        answered("x", "", "x", 0.9),
        answered("x", "", "y", 0.5),
        answered("x", "", "x", 0.5),
        answered("x", "", "x"),
    ]
    points = curve(answers)

    assert [0.9, 0.5] == [it.confidence for it in points]
    assert [0.25, 0.75] == [it.shown for it in points]
    assert 1 == points[0].exact
    assert 2 / 3 == points[1].exact


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_any_confidences_give_shares(pairs: list[tuple[float, bool]]) -> None:
    answers = [answered("x", "", "x" if right else "y", sure) for sure, right in pairs]
    error = calibration_error(bins(answers))

    assert len(pairs) == sum(it.answers for it in bins(answers))
    assert error is None if not pairs else 0 <= (error or 0) <= 1
    assert all(0 <= it.shown <= 1 and 0 <= it.exact <= 1 for it in curve(answers))
