"""What an editor shows: ghost text that is kept, dropped, grown and accepted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.screen import Screen
from spark_lsp.core.text import Position, Text


def screen(source: str = "x = <CURSOR>\n", ghost: str = "") -> Screen:
    before, _, after = source.partition("<CURSOR>")
    return Screen(Text(before + after), len(before), ghost=ghost)


def answer(text: str, line: int = 0, character: int = 4) -> dict[str, Any]:
    """Return a completion list with one item at a place."""
    place = {"line": line, "character": character}
    return {"items": [{"insertText": text, "range": {"start": place, "end": place}}]}


def test_a_key_goes_into_the_buffer_and_moves_the_cursor() -> None:
    shown = screen()
    shown.key("v")

    assert ("x = v\n", 5, 2) == (shown.text.string, shown.cursor, shown.version)


@pytest.mark.parametrize(
    ("ghost", "key", "left"),
    [("value", "v", "alue"), ("value", "q", ""), ("", "q", ""), ("v", "v", ""), ("ab", "abc", "")],
)
def test_ghost_text_stays_exactly_while_keys_agree_with_it(ghost: str, key: str, left: str) -> None:
    shown = screen(ghost=ghost)
    shown.key(key)

    assert left == shown.ghost


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_accepting_inserts_the_ghost_text_at_the_cursor(
    before: str, ghost: str, after: str
) -> None:
    shown = Screen(Text(before + after), len(before), ghost=ghost)

    assert ghost == shown.accept()
    assert before + ghost + after == shown.text.string
    assert (len(before + ghost), "", 2) == (shown.cursor, shown.ghost, shown.version)


@given(st.text(alphabet="ab\n😀", max_size=8), st.integers(0, 8))
def test_typing_all_of_the_ghost_text_gives_what_accepting_gives(ghost: str, typed: int) -> None:
    typing, accepting = screen(ghost=ghost), screen(ghost=ghost)
    for char in ghost[:typed]:
        typing.key(char)
    typing.accept()
    accepting.accept()

    assert accepting.text == typing.text


def test_an_answer_for_the_buffer_on_screen_is_shown() -> None:
    shown = screen()

    assert "value" == shown.answered(1, answer("value"), final=True)
    assert ("value", 0) == (shown.ghost, shown.stale_frames)


def test_no_answer_keeps_and_an_empty_answer_clears() -> None:
    shown = screen(ghost="value")

    assert "" == shown.answered(1, None, final=True)
    assert "value" == shown.ghost
    shown.asked()
    assert "" == shown.answered(1, {"items": []}, final=True)
    assert "" == shown.ghost
    assert (0, 0) == (shown.stale_frames, shown.shrunk_frames)


@pytest.mark.parametrize(
    ("version", "result", "counts"),
    [
        pytest.param(1, answer("value"), (0, 1), id="an older version"),
        pytest.param(2, answer("value"), (1, 0), id="another place"),
        pytest.param(2, {"items": [{"insertText": "value"}]}, (1, 0), id="no place"),
        pytest.param(1, {"items": []}, (0, 0), id="nothing of an older version"),
        pytest.param(1, None, (0, 0), id="no answer to an older version"),
    ],
)
def test_an_answer_that_does_not_fit_is_counted_and_not_shown(
    version: int, result: dict[str, Any] | None, counts: tuple[int, int]
) -> None:
    shown = screen(ghost="xyz")
    shown.key("x")
    shown.answered(version, result, final=True)

    assert ("yz", *counts) == (shown.ghost, shown.stale_frames, shown.crossed_frames)


@pytest.mark.parametrize(
    ("version", "heard", "final"),
    [(2, answer("yz", 0, 5), False), (2, None, True), (1, None, True)],
)
def test_an_answer_is_stale_once_the_server_has_spoken_of_a_newer_text_or_ended_it(
    version: int, heard: dict[str, Any] | None, *, final: bool
) -> None:
    shown = screen(ghost="xyz")
    shown.key("x")
    shown.answered(version, heard, final=final)
    shown.answered(1, answer("value"), final=False)

    assert ("yz", 1, 0) == (shown.ghost, shown.stale_frames, shown.crossed_frames)


def test_growth_that_takes_text_back_is_counted() -> None:
    shown = screen()
    shown.asked()
    for text in ("va", "value", "val", "other"):
        shown.answered(1, answer(text), final=False)

    assert ("other", 2) == (shown.ghost, shown.shrunk_frames)


def test_growth_begins_anew_with_each_request() -> None:
    shown = screen()
    shown.answered(1, answer("value"), final=False)
    shown.asked()
    shown.answered(1, answer("other"), final=False)
    shown.answered(1, answer("other one"), final=True)
    shown.asked()
    shown.answered(1, answer("third"), final=True)

    assert 0 == shown.shrunk_frames


def test_a_final_answer_that_takes_growth_back_is_counted() -> None:
    shown = screen()
    shown.answered(1, answer("value"), final=False)
    shown.answered(1, {"items": []}, final=True)

    assert ("", 1) == (shown.ghost, shown.shrunk_frames)


def test_the_cursor_counts_in_utf_16() -> None:
    assert Position(1, 3) == screen("a\r\n😀b<CURSOR>").position
