"""What was sent away does not come back, however it is begun, until it is typed or forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.completing.rejections import Rejections

NOW = 1000.0
texts = st.text(alphabet="ab (\n\r\t", max_size=12)


def after(before: str, text: str) -> Rejections:
    """The memory of one suggestion."""
    rejections = Rejections()
    rejections.rejected(before, text, NOW)
    return rejections


@pytest.mark.parametrize(
    ("before", "text", "barred"),
    [
        ("total =", " sum(values)", True),
        ("total =", "sum( values )", True),
        ("total=", " sum(values)\n    return total", True),
        ("total", " = sum(values)", True),
        ("total = s", "um(values)", True),
        ("total = su", "m(values)", True),
        ("total = sum", "(values)", False),
        ("total =", " sum(numbers)", False),
        ("total =", " sum(", False),
        ("subtotal =", " sum(values)", False),
        ("", "total = sum(values)", True),
        ("total = sum(values)", ".real", False),
        ("total = sum(values)", "", False),
    ],
)
def test_a_suggestion_is_the_line_that_it_would_make(before: str, text: str, barred: bool) -> None:
    assert barred == after("total =", " sum(values)").bars(before, text, NOW)


@pytest.mark.parametrize(
    ("before", "text", "barred"),
    [
        ("total =", " sum(", True),
        ("total =", "", True),
        ("total =", " sum(values)\n    return", True),
        ("total =", " sum(n", False),
        ("total = su", "m(", True),
        ("total = sum", "(", False),
        ("subtotal =", " sum(", False),
    ],
)
def test_what_is_not_whole_may_become_what_was_sent_away(
    before: str, text: str, barred: bool
) -> None:
    rejections = after("total =", " sum(values)")

    assert barred == rejections.bars(before, text, NOW, whole=False)


def test_only_the_first_line_of_what_was_sent_away_counts() -> None:
    rejections = after("", "def f():\r\n    return 1\r\n")

    assert rejections.bars("", "def f():\n    return 2", NOW)
    assert rejections.bars("", "def f():", NOW)
    assert not rejections.bars("", "def g():\n    return 1", NOW)


def test_a_suggestion_that_begins_on_a_new_line_is_known_by_its_first_words() -> None:
    rejections = after("def f():", "\n    return 1\n")

    assert rejections.bars("def f():", "\n\treturn 1", NOW)
    assert not rejections.bars("def f():", "\n    yield 1", NOW)


def test_blanks_are_nothing_that_could_be_sent_away() -> None:
    rejections = after("x", " \r\n  ")

    assert not rejections.bars("x", "yz", NOW)
    assert not rejections.bars("", "x", NOW)


def test_it_is_forgotten_after_ten_minutes() -> None:
    rejections = after("x = ", "f()")

    assert rejections.bars("x = ", "f()", NOW + 599)
    assert not rejections.bars("x = ", "f()", NOW + 601)
    assert not rejections.bars("x = ", "f()", NOW)


def test_what_is_sent_away_again_is_remembered_anew() -> None:
    rejections = after("x = ", "f()")
    rejections.rejected("x = ", "f()", NOW + 500)

    assert rejections.bars("x = ", "f()", NOW + 1000)


def test_the_last_sixty_four_are_remembered() -> None:
    rejections = Rejections()
    for number in range(100):
        rejections.rejected("", f"call_{number}()", NOW)

    assert not rejections.bars("", "call_35()", NOW)
    assert rejections.bars("", "call_36()", NOW)
    assert rejections.bars("", "call_99()", NOW)


@given(texts, texts, texts)
def test_what_was_sent_away_is_barred_with_whatever_follows_it(
    before: str, text: str, more: str
) -> None:
    rejections = after(before, text)

    assert bool(text.strip()) == rejections.bars(before, text, NOW)
    assert bool(text.strip()) <= rejections.bars(before, text + "\n" + more, NOW)


@given(texts, texts, texts)
def test_what_makes_another_line_is_never_barred(before: str, text: str, other: str) -> None:
    barred = after(before, text).bars("", other, NOW)
    first = "".join(text.strip().replace("\r", "\n").split("\n")[0].split())

    assert not barred or "".join(other.split()).startswith("".join(before.split()) + first)
