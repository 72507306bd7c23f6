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


@given(st.text(alphabet="ab_ (=\r\n😀", max_size=12), st.data())
def test_taking_over_word_by_word_or_line_by_line_gives_what_accepting_gives(
    ghost: str, data: st.DataObject
) -> None:
    stepping, accepting = screen(ghost=ghost), screen(ghost=ghost)
    while stepping.ghost:
        before = stepping.ghost
        taken = stepping.accept_word() if data.draw(st.booleans()) else stepping.accept_line()
        assert taken
        assert before == taken + stepping.ghost
    accepting.accept()

    assert accepting.text == stepping.text
    assert accepting.cursor == stepping.cursor


@pytest.mark.parametrize(
    ("ghost", "word", "line"),
    [
        ("value = 1", "value", "value = 1"),
        (" = (1)\n", " =", " = (1)"),
        ("():\r\n    pass\r\n", "():", "():"),
        ("\r\n    pass\r\n", "\r\n    pass", "\r\n    pass"),
        ("\n\nx", "\n\nx", "\n"),
        ("  ", "  ", "  "),
        ("", "", ""),
    ],
)
def test_a_part_of_the_ghost_text_is_taken_over(ghost: str, word: str, line: str) -> None:
    by_word, by_line = screen(ghost=ghost), screen(ghost=ghost)

    assert (word, line) == (by_word.accept_word(), by_line.accept_line())
    assert (ghost[len(word) :], ghost[len(line) :]) == (by_word.ghost, by_line.ghost)
    assert f"x = {word}\n" == by_word.text.string
    assert f"x = {line}\n" == by_line.text.string


def test_sending_ghost_text_away_leaves_the_buffer() -> None:
    shown = screen(ghost="value")

    assert "value" == shown.dismiss()
    assert ("", "x = \n", 1) == (shown.ghost, shown.text.string, shown.version)


@pytest.mark.parametrize(
    ("source", "deleted", "left", "ghost", "version"),
    [
        ("ab<CURSOR>c", "b", "ac", "", 2),
        ("a\r\n<CURSOR>c", "\r\n", "ac", "", 2),
        ("a\n<CURSOR>c", "\n", "ac", "", 2),
        ("<CURSOR>c", "", "c", "xyz", 1),
    ],
)
def test_deleting_takes_ghost_text_away(
    source: str, deleted: str, left: str, ghost: str, version: int
) -> None:
    shown = screen(source, ghost="xyz")

    assert deleted == shown.backspace()
    assert (left, ghost, version) == (shown.text.string, shown.ghost, shown.version)


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


def over(text: str, start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
    """Return a completion list with one item that replaces a range."""
    first, last = ({"line": line, "character": character} for line, character in (start, end))
    return {"items": [{"insertText": text, "range": {"start": first, "end": last}}]}


def test_an_item_for_the_completion_menu_repeats_what_stands_before_the_cursor() -> None:
    shown = screen("x\n😀.ap<CURSOR>")

    assert "pend" == shown.answered(1, over("append", (1, 3), (1, 5)), final=False)
    assert "pend(1)" == shown.answered(1, over("append(1)", (1, 3), (1, 5)), final=True)
    assert ("pend(1)", 0) == (shown.ghost, shown.faults)
    shown.accept()
    assert "x\n😀.append(1)" == shown.text.string


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        pytest.param(over("append", (1, 2), (1, 4)), (0, 0), id="repeats what stands there"),
        pytest.param(over("bpend", (1, 2), (1, 4)), (0, 1), id="replaces what stands there"),
        pytest.param(over("a", (1, 2), (1, 4)), (0, 1), id="takes away what stands there"),
        pytest.param(over("x\nx.ap", (0, 0), (1, 4)), (0, 1), id="of two lines"),
        pytest.param(over("ap", (1, 5), (1, 4)), (0, 1), id="upside down"),
        pytest.param(over("ap", (1, -1), (1, 4)), (0, 1), id="before the line"),
        pytest.param(over("append", (1, 2), (1, 3)), (1, 0), id="ends before the cursor"),
        pytest.param(over("append)", (1, 2), (1, 5)), (1, 0), id="ends after the cursor"),
    ],
)
def test_an_item_replaces_nothing_but_text_that_it_repeats(
    result: dict[str, Any], counts: tuple[int, int]
) -> None:
    shown = screen("x\nx.ap<CURSOR>)\n")
    shown.answered(1, result, final=True)

    assert counts == (shown.stale_frames, shown.misplaced_frames)
    assert sum(counts) == shown.faults
    assert ("" if sum(counts) else "pend") == shown.ghost


def test_every_item_of_an_answer_is_looked_at() -> None:
    shown = screen()
    first, second = answer("value")["items"] + over("x", (0, 1), (0, 4))["items"]
    shown.answered(1, {"items": [first, second]}, final=True)

    assert ("", 1) == (shown.ghost, shown.misplaced_frames)


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        ("value = 1", (0, 0)),
        ("value = 1\nother = 2", (0, 0)),
        ("value", (1, 0)),
        ("", (0, 1)),
        ("valid", (0, 1)),
    ],
)
def test_a_final_answer_may_end_shown_text_and_not_change_it(
    last: str, counts: tuple[int, int]
) -> None:
    shown = screen()
    shown.asked()
    shown.answered(1, answer("value = 1"), final=False)
    shown.answered(1, answer(last) if last else {"items": []}, final=True)

    assert (last, *counts) == (shown.ghost, shown.cut_frames, shown.shrunk_frames)


def test_growth_may_not_be_cut_before_it_is_final() -> None:
    shown = screen()
    shown.answered(1, answer("value = 1"), final=False)
    shown.answered(1, answer("value"), final=False)

    assert (0, 1) == (shown.cut_frames, shown.shrunk_frames)


@pytest.mark.parametrize(
    ("text", "swapped"), [("alue", 0), ("alue = 1", 0), ("al", 1), ("other", 1), ("", 1)]
)
def test_text_that_agrees_is_replaced_by_its_extension_alone(text: str, swapped: int) -> None:
    shown = screen(ghost="value")
    shown.key("v")
    shown.asked()
    result = answer(text, character=5) if text else {"items": []}
    shown.answered(2, result, final=True)

    assert (text, swapped, 0) == (shown.ghost, shown.swapped_frames, shown.shrunk_frames)


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
