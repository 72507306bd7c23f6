"""Where nothing is shown unless it is asked for, and what a person has done last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import languages
from spark_lsp.core.completing.quiet import _SEMICOLONS, Deed, History, why_quiet
from spark_lsp.core.documents import Applied
from spark_lsp.core.text import Edit, Text, difference

QUIET = [
    ("python", "val|ue = 1", "inside a word"),
    ("python", "x = 12|", "behind a number"),
    ("python", "x = 0xFF|", "behind a number"),
    ("rust", "let x = 1_000.5e-3|;", "behind a number"),
    ("javascript", "f(1, 2|)", "behind a number"),
    ("python", "# -----|", "a separator"),
    ("cpp", "//======|", "a separator"),
    ("c", "/* ---- */|", "a separator"),
    ("python", "##########|", "a separator"),
    ("markdown", "----|", "a separator"),
    ("javascript", "x = '" + "y" * 400 + "|'", "a line of more than 400 characters"),
    ("java", "    return total;|", "the statement has ended"),
    ("css", "  color: red;|  ", "the statement has ended"),
    ("typescript", "for (const x of xs) { f(x); }|", ""),
    ("javascript", "    });|", "a bracket was closed"),
    ("c", "}|", "a bracket was closed"),
    ("json", "    ],|", "a bracket was closed"),
    ("python", "    # The total of it all.|", "the sentence of a comment has ended"),
    ("rust", "let x = f(); // Counts `them`.|", "the sentence of a comment has ended"),
]
LOUD = [
    ("python", "x = |"),
    ("python", "|"),
    ("python", "item1|"),
    ("python", "x = 1.|"),
    ("python", "a.b2|"),
    ("css", "  width: 10p|"),
    ("markdown", "### |"),
    ("markdown", "###### |"),
    ("rust", "///|"),
    ("lua", "---|"),
    ("javascript", "/**|"),
    ("javascript", "if (x ===|)"),
    ("python", "f(**|)"),
    ("markdown", "word " * 100 + "|"),
    ("klingon", "word " * 100 + "|"),
    ("java", "for (int i = 0;|"),
    ("go", "for i := 0;|"),
    ("bash", "if true;|"),
    ("html", "a&nbsp;|"),
    ("rust", "fn f() { g();|"),
    ("java", "    return total; |"),
    ("javascript", "} |"),
    ("python", ")|"),
    ("typescript", ")|"),
    ("python", "x = f()|"),
    ("python", "# see e.g.|"),
    ("python", "# TODO.|"),
    ("python", "# There are 12|"),
    ("python", "# And so on...|"),
    ("python", "x = 'A sentence.|'"),
    ("python", "'''A sentence.|"),
]


def why(source: str, language: str, last: Deed = Deed.INSERTED) -> str:
    """Ask about the place of the bar."""
    before, _, after = source.partition("|")
    return why_quiet(Text(before + after), len(before), last, languages.by_id(language))


@pytest.mark.parametrize(("language", "line", "reason"), QUIET)
def test_places_where_nothing_is_wanted_are_told_from_others(
    language: str, line: str, reason: str
) -> None:
    assert reason == why(line, language)
    assert reason == why(f"above;\r\n{line}\r\nbelow 1", language)


@pytest.mark.parametrize(("language", "line"), LOUD)
def test_places_that_only_look_like_them_are_not_quiet(language: str, line: str) -> None:
    assert not why(line, language)
    assert not why(f"x = 1;\n{line}\n}}", language)


def test_languages_in_which_a_semicolon_ends_the_line_are_called_as_we_call_them() -> None:
    assert all(languages.by_id(name) for name in _SEMICOLONS)


def test_a_deletion_and_an_undo_are_followed_by_quiet() -> None:
    assert "right after a deletion" == why("x = |", "python", Deed.DELETED)
    assert "right after an undo" == why("x = |", "python", Deed.UNDONE)
    assert "" == why("x = |", "python", Deed.NONE)


@given(
    st.text(alphabet="ab1.;#-/(){}\n\r \U0001f600", max_size=60),
    st.integers(0, 60),
    st.sampled_from(Deed),
    st.sampled_from(["python", "c", "css", "html", "markdown", "go", "klingon"]),
)
def test_a_reason_is_a_few_words_whatever_the_text(
    string: str, offset: int, last: Deed, language: str
) -> None:
    reason = why_quiet(Text(string), min(offset, len(string)), last, languages.by_id(language))

    assert len(reason) < 50
    assert "\n" not in reason


class Typist:
    """A text that is edited, and the history of it."""

    def __init__(self, string: str = "") -> None:
        self.string = string
        self.history = History()
        self.offset = 0

    def change(self, *edits: Edit) -> None:
        """Make some edits, one after the other, as one notification; the cursor follows."""
        applied = []
        for edit in edits:
            applied.append(Applied(edit, self.string[edit.start : edit.end]))
            self.string = self.string[: edit.start] + edit.new + self.string[edit.end :]
            self.offset = edit.start + len(edit.new)
        self.history.edited(applied)

    def insert(self, text: str, at: int | None = None) -> None:
        at = len(self.string) if at is None else at
        self.change(Edit(at, at, text))

    def delete(self, start: int, end: int) -> None:
        self.change(Edit(start, end, ""))

    def deed(self) -> Deed:
        return self.history.deed(self.offset)


def test_what_was_done_last_is_known_at_its_place_and_nowhere_else() -> None:
    typist = Typist("one two")

    assert Deed.NONE is typist.deed()

    typist.insert("x")

    assert Deed.INSERTED is typist.deed()

    typist.delete(2, 4)

    assert Deed.DELETED is typist.deed()
    assert Deed.NONE is typist.history.deed(5)


def test_a_text_over_a_selection_is_typed_and_one_that_only_grows_shorter_is_deleted() -> None:
    typist = Typist("value of")
    typist.change(Edit(0, 5, "x"))

    assert Deed.INSERTED is typist.deed()

    typist.change(Edit(0, 4, "x"))

    assert Deed.DELETED is typist.deed()


def test_keys_that_come_in_one_notification_are_typed() -> None:
    """Neovim gathers them while it waits."""
    typist = Typist("x = ")
    typist.change(Edit(4, 4, "a"), Edit(5, 5, "b"), Edit(6, 6, "c"))

    assert Deed.INSERTED is typist.deed()


def test_a_new_line_that_trims_the_blanks_of_the_last_is_typed() -> None:
    typist = Typist("if x:\n    ")
    typist.change(Edit(6, 10, ""), Edit(6, 6, "\n    "))

    assert Deed.INSERTED is typist.deed()


def test_edits_of_several_places_or_one_text_for_another_are_not_typed() -> None:
    typist = Typist("a = 1\nb = 2\nc = 3\n")
    typist.change(Edit(12, 13, "z"), Edit(0, 1, "y"))

    assert Deed.NONE is typist.deed()

    typist.change(Edit(0, 11, "y = 10\nb = 20"))

    assert Deed.NONE is typist.deed()


def test_an_undo_of_a_deletion_is_known_and_so_is_the_redo_of_typing() -> None:
    typist = Typist("x = value")
    typist.delete(4, 9)
    typist.insert("value")

    assert Deed.UNDONE is typist.deed()

    typist = Typist("x = ")
    for char in "value":
        typist.insert(char)
    typist.delete(4, 9)

    assert Deed.DELETED is typist.deed()

    typist.insert("value")

    assert Deed.UNDONE is typist.deed()


def test_an_undo_takes_back_a_run_of_deletions_at_once() -> None:
    typist = Typist("x = value")
    for end in (9, 8, 7):
        typist.delete(end - 1, end)
    typist.insert("lue")

    assert Deed.UNDONE is typist.deed()


def test_one_undo_after_another_is_known_with_other_edits_between_the_places() -> None:
    typist = Typist("one = first\ntwo = second\n")
    typist.delete(18, 24)
    typist.delete(6, 11)
    typist.insert("first", at=6)

    assert Deed.UNDONE is typist.deed()

    typist.insert("second", at=18)

    assert Deed.UNDONE is typist.deed()


def test_what_one_key_brings_back_counts_as_typed() -> None:
    for text in ("x", "()", "\n    ", "\r\n"):
        typist = Typist("f")
        typist.insert(text)
        typist.delete(1, 1 + len(text))
        typist.insert(text)

        assert Deed.INSERTED is typist.deed()


def test_what_was_typed_in_between_makes_an_undo_a_paste() -> None:
    typist = Typist("x = value; y")
    typist.delete(4, 9)
    typist.insert("z", at=0)
    typist.insert("value", at=5)

    assert Deed.INSERTED is typist.deed()


# Each character stands for itself, so that an edit can be told in one way only.
FRESH = [chr(number) for number in range(0x4E00, 0x4E00 + 400)]


@given(st.integers(1, 8), st.data())
def test_whatever_touching_edits_were_an_undo_of_them_all_is_never_taken_for_typing(
    edits: int, data: st.DataObject
) -> None:
    fresh = iter(FRESH)
    typist = Typist("".join(next(fresh) for _ in range(12)))
    before = typist.string
    start = end = data.draw(st.integers(0, 12))
    for _ in range(edits):
        # Somewhere that touches the last of them.
        first = data.draw(st.integers(max(0, start - 2), end))
        last = data.draw(st.integers(max(first, start), min(len(typist.string), end + 2)))
        new = "".join(next(fresh) for _ in range(data.draw(st.integers(0, 4))))
        typist.change(Edit(first, last, new))
        start, end = first, first + len(new)
    edit = difference(typist.string, before)
    one_key = edit.start == edit.end and len(edit.new) < 2
    typist.change(edit)

    assert before == typist.string
    assert one_key or typist.deed() in {Deed.UNDONE, Deed.DELETED}


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 9), st.integers(0, 3), st.text("ab \n", max_size=4)),
            max_size=3,
        ),
        max_size=12,
    )
)
def test_any_edits_leave_a_deed(notifications: list[list[tuple[int, int, str]]]) -> None:
    typist = Typist("abc\nabc\n")
    for notification in notifications:
        edits, size = [], len(typist.string)
        for start, length, new in notification:
            first = min(start, size)
            last = min(first + length, size)
            edits.append(Edit(first, last, new))
            size += len(new) - (last - first)
        typist.change(*edits)

        assert typist.deed() in Deed
