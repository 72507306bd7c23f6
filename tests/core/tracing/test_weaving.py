"""Which event brought which character, whatever is edited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.documents import Change, Document
from spark_lsp.core.text import Encoding, Position, Text
from spark_lsp.core.tracing.masks import Known
from spark_lsp.core.tracing.weaving import Buffer, Slot, Stream, Weave

texts = st.text(alphabet="ab\r\n😀", max_size=6)


def nothing() -> None:
    """Do not breathe."""


def buffer(text: str) -> Buffer:
    document = Document("file:///a.py", "a.py", "", 1, Text(text))
    return Buffer(document, Known(), nothing, 0.0)


def as_woven(weave: Weave) -> str:
    return "".join(slot.text[at : at + size] for slot, at, size in weave._pieces if slot)


@given(texts, st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5), texts)))
def test_the_pieces_of_a_text_are_the_text(text: str, edits: list[tuple[int, int, str]]) -> None:
    shown = buffer(text)
    for at, size, new in edits:
        now = shown.document.text
        start, end = (now.position(it, Encoding.UTF16) for it in (at, at + size))
        shown.edit(2, Change(start, end, new), Encoding.UTF16, 0.0)

        assert shown.document.text.string == as_woven(shown._weave)


@given(texts, st.lists(texts))
def test_a_text_that_is_sent_anew_is_told_as_what_has_changed(text: str, news: list[str]) -> None:
    shown = buffer(text)
    for new in news:
        other = Document("file:///a.py", "a.py", "", 1, shown.document.text)
        told = shown.edit(2, Change(None, None, new), Encoding.UTF16, 0.0)
        other.change(2, [told], Encoding.UTF16)

        assert new == other.text.string == shown.document.text.string == as_woven(shown._weave)


def test_what_is_hidden_is_hidden_in_the_events_that_brought_it() -> None:
    shown = buffer("ab\n")
    slots = [shown.slot]
    for at, new in ((1, "cd"), (2, "e")):
        place = Position(0, at)
        shown.edit(2, Change(place, place, new), Encoding.UTF16, 0.0)
        slots.append(shown.slot)
    shown._weave.hide(2, 5)  # of "acedb"

    assert ["a*\n", "c*", "*"] == [slot.masked() for slot in slots]


def test_what_is_written_is_not_hidden_any_more() -> None:
    shown = buffer("ab")
    first = shown.slot
    first.written = True
    shown.settle()
    place = Position(0, 1)
    shown.edit(2, Change(place, place, "x"), Encoding.UTF16, 0.0)
    shown._weave.hide(0, 3)

    assert ("ab", "*") == (first.masked(), shown.slot.masked())
    assert [1, 1, 1] == [size for _, _, size in shown._weave._pieces]


def test_a_stream_is_looked_at_together_with_what_stands_around_it() -> None:
    stream = Stream("", "password = 'k3", "z!'\n", Known(), nothing)
    slots = [stream.wrote(delta) for delta in ("j9", "x7q", "v")]
    stream.look()

    assert ["**", "***", "*"] == [slot.masked() for slot in slots]


def test_what_goes_on_with_a_mask_is_masked() -> None:
    stream = Stream("", "password = '*****", "'\n", Known(), nothing)
    slots = [stream.wrote(delta) for delta in ("j9x", "' + name")]
    stream.look()

    assert ["***", "' + name"] == [slot.masked() for slot in slots]


@pytest.mark.parametrize(("word", "hold"), [("x = total", False), ("x = subtotal", True)])
def test_a_long_word_that_is_being_typed_rests_longer(word: str, hold: bool) -> None:
    shown = buffer("")
    place = Position(0, 0)
    shown.edit(2, Change(place, place, word), Encoding.UTF16, 10.0)
    shown.judged = True

    assert [False, not hold, True] == [shown.settled(now) for now in (11.9, 12.0, 40.0)]


def test_a_slot_keeps_its_text() -> None:
    slot = Slot("secret", buffer(""), [(0, 3), (2, 4)])

    assert ("secret", "****et") == (slot.text, slot.masked())
