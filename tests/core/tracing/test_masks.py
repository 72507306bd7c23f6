"""Masks keep every position, and what has been a secret is found again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.secrets import find
from spark_lsp.core.text import Encoding, units
from spark_lsp.core.tracing.masks import Known, crossed, hidden, mixed, secret_spans, starred
from tests.core.tracing.stage import PLANTED, body

LINE_ENDS = re.compile(r"\r\n|\r|\n")


def nothing() -> None:
    """Do not breathe."""


@given(st.text())
@pytest.mark.parametrize("mask", [starred, crossed])
def test_a_masked_text_has_every_position_that_the_text_has(mask: object, text: str) -> None:
    assert callable(mask)
    masked = mask(text)

    assert len(text) == len(masked)
    assert all(units(text, it) == units(masked, it) for it in Encoding)
    assert LINE_ENDS.split(text).__len__() == len(LINE_ENDS.split(masked))


@given(st.text(), st.sampled_from([starred, crossed]), st.data())
def test_masking_twice_is_masking_once(text: str, mask: object, data: st.DataObject) -> None:
    assert callable(mask)
    at = data.draw(st.integers(0, len(text)))

    assert mask(text) == mask(mask(text[:at]) + text[at:])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("def total(a1):\n\treturn _b\r\n", "xxx xxxxx(xx):\n\txxxxxx _x\r\n"),
        ("é = 'ß'\n", "χ = 'χ'\n"),
        ("名 = '😀'", "\uff58 = '\U0001d465'"),
    ],
)
def test_a_private_text_keeps_its_layout(text: str, masked: str) -> None:
    assert masked == crossed(text)


@given(st.text(alphabet="ab\n", max_size=20), st.lists(st.tuples(*[st.integers(0, 25)] * 2)))
def test_stars_stand_where_they_are_wanted_and_nowhere_else(
    text: str, spans: list[tuple[int, int]]
) -> None:
    wanted = {at for start, end in spans for at in range(start, end)}
    expected = "".join(
        "*" if at in wanted and char != "\n" else char for at, char in enumerate(text)
    )

    assert expected == hidden(text, spans)


@pytest.mark.parametrize("name", PLANTED)
def test_a_secret_is_found_wherever_the_text_has_changed_in_it(name: str) -> None:
    line, secrets = PLANTED[name]
    text = "x = 1\n" * 2_000 + line + "y = 2\n" * 2_000
    whole = find(text)
    expected = hidden(text, [(it.start, it.end) for it in whole])
    for secret in secrets:
        at = text.index(secret) + len(secret) // 2
        spans = secret_spans(text, at, at + 1, Known(), nothing)

        assert expected == hidden(text, spans)


def test_stars_that_somebody_has_written_are_no_secret() -> None:
    text = "x = a ** b  # ***\n"

    assert [] == secret_spans(text, 0, len(text), Known(), nothing)


def test_a_secret_is_known_again_where_nothing_tells_that_it_is_one() -> None:
    known = Known()
    line, (secret,) = PLANTED["a token"]
    secret_spans(line, 0, len(line), known, nothing)
    text = f"f('{secret[5:20]}')"
    start = text.index(secret[5:20])

    assert f"f('{'*' * 15}')" == hidden(text, known.spans(text, telling=False))
    assert [(start + 7, start + 22)] == list(known.spans(text, telling=True, at=7))


def test_words_in_a_secret_are_words_elsewhere() -> None:
    known = Known()
    known.add("Password-for-9-cats")
    text = "Password = 'Password-for-9-cats'"

    assert "Password = '*******************'" == hidden(text, known.spans(text, telling=False))
    assert "******** = '*******************'" == hidden(text, known.spans(text, telling=True))


def test_work_is_done_in_small_pieces() -> None:
    breaths: list[int] = []
    text = f"token = 'ghp_{body('token')}'\n" + "value = 12\n" * 20_000
    secret_spans(text, 0, len(text), Known(), lambda: breaths.append(1))

    assert len(text) // 4_096 < len(breaths)


@pytest.mark.parametrize(
    ("word", "random"),
    [
        ("dVePpgiEbtsin", True),
        ("HttpClientFactory", False),
        ("subtotal", False),
        ("MAXIMUM", False),
        ("parseHTTPHeader", False),
        ("kXzQwPtL", True),
    ],
)
def test_capitals_tell_a_name_from_random_letters(word: str, random: bool) -> None:
    assert random is mixed(word)
