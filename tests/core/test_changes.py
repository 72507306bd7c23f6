"""What has changed in a text, and what of it is told."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.changes import Account, Hunk, after, extent
from spark_lsp.core.text import Edit, Text
from spark_lsp.core.windows import Tail

LINES = "".join(f"line {number} of the text\n" for number in range(200))
edits = st.tuples(
    st.integers(0, len(LINES)),
    st.sampled_from([0, 0, 1, 7, 300]),
    st.sampled_from(["", "x", "y\nz", "w" * 250]),
)


def edited(text: Text, place: tuple[int, int, str]) -> tuple[Text, Edit]:
    start = min(place[0], len(text))
    edit = Edit(start, min(len(text), start + place[1]), place[2])
    return text.splice(edit), edit


def rebuilt(old: str, now: str, hunks: tuple[Hunk, ...]) -> str:
    """Apply hunks to the old text."""
    pieces, at = [], 0
    for hunk in hunks:
        pieces += [old[at : hunk.old_start], now[hunk.start : hunk.end]]
        at = hunk.old_end
    return "".join([*pieces, old[at:]])


@given(st.lists(edits, max_size=12))
def test_hunks_turn_the_old_text_into_the_text_as_it_is(places: list[tuple[int, int, str]]) -> None:
    text = Text(LINES)
    hunks: tuple[Hunk, ...] = ()
    for place in places:
        text, edit = edited(text, place)
        hunks = after(hunks, edit)

        assert rebuilt(LINES, text.string, hunks) == text.string
        assert all(one.end < two.start for one, two in pairwise(hunks))


@given(st.lists(edits, min_size=1, max_size=8), st.integers(0, len(LINES)), st.booleans())
def test_what_the_tail_does_not_show_is_told_once(
    places: list[tuple[int, int, str]], offset: int, later: bool
) -> None:
    text = Text(LINES)
    account = Account(text)
    for place in places:
        text, edit = edited(text, place)
        account.edited(edit, text)
    shown = Tail.around(text, min(offset, len(text)), 2_000)
    told = list(account.taken("a.py", shown))

    for change in told:
        assert change.after in text.string
        assert text.line(change.line) == change.after.split("\n", 1)[0]
    assert [] == list(account.taken("a.py", shown))
    if later:
        rest = list(account.taken("a.py", None))
        assert all(change.after in shown.prefix + shown.suffix + text.string for change in rest)
        assert [] == list(account.taken("a.py", None))


def test_two_places_far_apart_are_two_changes_with_what_stood_there_before() -> None:
    text = Text(LINES)
    account = Account(text)
    for line, word in ((150, "last"), (3, "first")):
        start = text.line_start(line)
        text, edit = edited(text, (start, 4, word))
        account.edited(edit, text)

    first, last = account.taken("a.py", None)

    assert (first.line, first.before, first.after) == (
        3,
        "line 3 of the text",
        "first 3 of the text",
    )
    assert (last.line, last.before, last.after) == (
        150,
        "line 150 of the text",
        "last 150 of the text",
    )


def test_what_is_kept_back_is_told_later_against_what_stood_there() -> None:
    text = Text(LINES)
    account = Account(text)
    for line in (3, 150):
        text, edit = edited(text, (text.line_start(line), 4, "here"))
        account.edited(edit, text)
    shown = Tail.around(text, text.line_start(150), 400)

    assert [3] == [change.line for change in account.taken("a.py", shown)]
    (kept,) = account.taken("a.py", None)
    assert (kept.line, kept.before) == (150, "line 150 of the text")


def test_an_account_can_begin_anew_and_still_go_on_until_then() -> None:
    text = Text(LINES)
    account = Account(text)
    text, edit = edited(text, (text.line_start(3), 4, "soon"))
    account.edited(edit, text)
    account.begin_anew()
    text, edit = edited(text, (text.line_start(150), 4, "then"))
    account.edited(edit, text)
    account.swap()

    assert [150] == [change.line for change in account.taken("a.py", None)]


def test_a_secret_that_was_edited_is_told_masked() -> None:
    body = "aK3" + "q9Zr7LmX2" * 4
    text = Text(f'password = "{body}"\nx = 1\n')
    account = Account(text)
    edit = Edit(len(text) - 6, len(text) - 5, "y")
    text = text.splice(edit)
    account.edited(edit, text)

    (change,) = account.taken("a.py", None)

    assert body not in change.before + change.after


def test_a_whole_text_that_replaces_itself_has_changed_by_what_is_different() -> None:
    assert 0 == extent(LINES, LINES)
    assert len("line 7 of the text") + len("x") == extent(
        LINES, LINES.replace("line 7 of the text", "x")
    )
    assert 3 == extent("a", "bc")


def test_of_thousands_of_edits_few_hunks_are_kept_and_none_is_lost() -> None:
    text = Text(LINES * 20)
    hunks: tuple[Hunk, ...] = ()
    for line in range(3990, 0, -20):
        edit = Edit(text.line_start(line), text.line_start(line) + 4, "row")
        text = text.splice(edit)
        hunks = after(hunks, edit)

    assert len(hunks) <= 64
    assert rebuilt(LINES * 20, text.string, hunks) == text.string


def test_what_has_been_undone_is_not_told() -> None:
    text = Text(LINES)
    account = Account(text)
    for edit in (Edit(40, 44, "much"), Edit(40, 44, LINES[40:44]), Edit(900, 900, "")):
        text = text.splice(edit)
        account.edited(edit, text)

    assert [] == list(account.taken("a.py", None))


def test_a_change_of_a_line_that_is_far_too_long_is_not_told() -> None:
    text = Text("x = [" + "1, " * 100_000 + "]\ny = 2\n")
    account = Account(text)
    for edit in (Edit(5, 6, "7"), Edit(len(text) - 2, len(text) - 1, "3")):
        text = text.splice(edit)
        account.edited(edit, text)

    assert [("y = 2", "y = 3")] == [(it.before, it.after) for it in account.taken("a.py", None)]
    assert [] == list(account.taken("a.py", None))
