"""What an editor can do without a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.evaluation.baselines import BASELINES, Cache, Words, saved

CODE = st.text(alphabet="ab_ (.)\n\r1é", max_size=80)


@pytest.mark.parametrize(
    ("before", "after", "offered"),
    [
        ("number = 1\nnu", "", "mber"),
        ("number = nut = 1\nnu", "", "t"),
        ("number = 1\nn", "", ""),
        ("number = 1\n", "", ""),
        ("nu", " = number", "mber"),
        ("nutmeg nu", " number", "tmeg"),
        ("number", "", ""),
        ("number.nu", "", "mber"),
    ],
)
def test_a_word_is_completed_by_the_nearest_that_begins_like_it(
    before: str, after: str, offered: str
) -> None:
    assert offered == Words(before, after).offer()


@pytest.mark.parametrize(
    ("before", "after", "offered"),
    [
        ("a = f(1)\nb = 2\na = ", "", "f(1)"),
        ("a = f(1)\na = g(2)\na = ", "", "g(2)"),
        ("x.a = f(1)\nb.a = g(2)\nx.a = ", "", "f(1)"),
        ("total = first + 1\ntotal = fi", "", "rst + 1"),
        ("total = first\ntotal", "", " = first"),
        ("a = ", "\na = f(1)\n", "f(1)"),
        ("something", "", ""),
        ("", "", ""),
        ("a\r\nb = c\r\nb = ", "", "c"),
        ("", "x = 1", ""),
    ],
)
def test_a_line_goes_on_as_it_did_the_last_time(before: str, after: str, offered: str) -> None:
    assert offered == Cache(before, after).offer()


def test_what_is_right_to_its_end_costs_one_key() -> None:
    assert 3 == saved(Words("number = 1\n", ""), "number")
    assert 0 == saved(Words("numbers = 1\n", ""), "number")


def test_what_has_been_typed_is_known() -> None:
    assert 3 == saved(Words("", ""), "number number")
    assert saved(Cache("", ""), "a = f(1)\na = f(1)\n") > 0


@given(CODE, CODE, CODE, st.sampled_from(sorted(BASELINES)))
def test_any_text_can_be_typed_and_never_costs_more_keys_than_characters(
    before: str, missing: str, after: str, name: str
) -> None:
    baseline = BASELINES[name](before, after)

    assert 0 <= saved(baseline, missing) <= len(missing)
    assert "\n" not in baseline.offer()


@given(CODE, CODE, CODE)
def test_typing_leads_where_a_new_look_at_the_text_would(
    before: str, typed: str, after: str
) -> None:
    words = Words(before, after)
    for char in typed:
        words.key(char)

    assert Words(before + typed, after).offer() == words.offer()
