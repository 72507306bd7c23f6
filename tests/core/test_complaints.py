"""What people complain of in peers, and what is wrong in these, as fixtures for ours.

The numbers are those of the complaints that users of fourteen peers have made again and again; the
names are those of the peers, with defects that their sources have. `fixtures/complaints` and
`fixtures/defects` hold what a session can show, named by number and by peer. What is held elsewhere,
and what no server can cause, stands here:

    1   tests/e2e/test_on_the_wire.py::test_a_key_that_diverges_cancels_and_asks_anew_with_the_text_as_it_is_now
        tests/e2e/test_ways.py::test_an_answer_over_http_is_aborted_when_the_buffer_goes_another_way
    2   tests/core/showing/test_showing_properties.py::test_what_is_shown_only_ever_grows
    6   tests/core/test_complaints.py::test_what_a_session_remembers_has_an_end
        tests/e2e/test_life.py::test_what_the_server_started_goes_with_it_even_when_it_is_killed
    7   tests/core/test_complaints.py::test_a_key_is_no_more_work_after_thousands_of_others
        tests/core/test_complaints.py::test_a_key_is_no_more_work_in_a_long_document
        tests/server/test_walk.py::test_an_ignore_file_that_is_something_else_keeps_nobody_waiting
    8   tests/server/test_event_loop.py::test_no_file_of_the_workspace_is_read_on_the_event_loop
        tests/e2e/test_library.py::test_a_librarian_that_is_killed_is_replaced_and_keys_are_answered_meanwhile
        tests/server/test_parsing.py::test_a_file_that_hangs_its_worker_is_given_up
    9   tests/e2e/test_planted_secrets.py::test_not_one_byte_of_a_secret_leaves
        tests/e2e/test_complaints.py::test_a_secret_leaves_neither_with_an_edit_nor_with_what_follows
    12  tests/server/test_asking.py::test_a_version_that_is_no_number_is_none
    13  tests/server/test_http.py::test_a_proxy_of_the_environment_is_used_and_kept
        tests/server/test_http.py::test_a_certificate_of_a_network_of_its_own_needs_a_variable
        tests/server/test_http.py::test_a_proxy_that_refuses_is_said
        tests/server/test_websocket.py::test_a_proxy_that_is_not_supported_is_told_with_what_to_do
        tests/server/test_probes.py::test_a_proxy_of_the_environment_goes_first_but_not_on_this_machine
    16  tests/e2e/test_complaints.py::test_an_editor_that_can_do_nothing_special_is_served
    18  tests/e2e/test_complaints.py::test_of_a_notebook_nothing_is_written
    19  no server can cause it: where ghost text, inlay hints and diagnostics are drawn is the editor's
    20  tests/core/test_complaints.py::test_typing_keeps_two_answers_in_flight_and_starts_nothing_else

    llm-ls      tests/core/test_documents.py::test_the_tree_of_an_edited_text_equals_that_of_a_fresh_parse
    lsp-ai      tests/e2e/test_names.py::test_only_a_file_of_the_workspace_has_the_name_of_one
                tests/server/test_event_loop.py::test_no_file_of_the_workspace_is_read_on_the_event_loop
    tabby       tests/core/test_complaints.py::test_a_key_is_no_more_work_in_a_long_document
    copilot     tests/core/completing/test_eagerness.py::test_calm_has_a_bound
                tests/e2e/test_complaints.py::test_who_asks_before_initialize_has_returned_is_answered
    continue    tests/core/test_packing.py::test_the_same_inputs_give_the_same_bytes
                tests/e2e/test_planted_secrets.py::test_not_one_byte_of_a_secret_leaves
    zed         tests/e2e/test_on_the_wire.py::test_a_key_that_diverges_cancels_and_asks_anew_with_the_text_as_it_is_now
    llama-vim   tests/core/completing/test_pace.py::test_a_slow_model_shows_itself_although_none_of_its_answers_is_ever_waited_for
    cursortab   tests/core/completing/test_quiet.py::test_a_deletion_and_an_undo_are_followed_by_quiet
    supermaven  tests/e2e/test_on_the_wire.py::test_requests_go_out_without_the_context_that_is_warm
    cody        tests/server/test_lsp.py::test_an_edit_reports_grows_and_ends_its_report_before_it_is_answered
                tests/server/test_indexing.py::test_a_file_that_is_deleted_is_told_to_be_gone
    minuet      tests/core/test_session_invariants.py::test_a_session_keeps_its_promises_whatever_happens
    augment     tests/server/test_watch.py::test_vendored_directories_are_not_even_watched
                tests/server/test_watch.py::test_where_nothing_can_be_watched_that_is_said_once
"""  # noqa: E501 - names of tests

import gc
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import (
    Cancel,
    Effect,
    Foresee,
    Open,
    Pack,
    Recall,
    Reply,
    Suggestion,
    Warm,
)
from spark_lsp.core.events import (
    Accepted,
    Asked,
    Edited,
    Ended,
    Event,
    Following,
    Foreseen,
    Found,
    Instructed,
    Opened,
    Packed,
    Questioned,
    Recalled,
    Rejected,
    Up,
    Vetted,
    Warmed,
    Wrote,
)
from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.session import Session
from spark_lsp.core.text import Edit, Position, Text
from tests.conversation import play
from tests.fixture import ROOT, Fixture, fixtures

COMPLAINTS = range(1, 21)
_ROW = re.compile(r"^ {4}(?P<what>[a-z-]+|\d+)? +(?P<where>\S.*)$", re.MULTILINE)
URI = "file:///repository/a.py"
LINE = "total = values\n"


def check(path: Path, *, update: bool) -> None:
    """Hold a fixture to what it says of the script, and of the text in the end if it does."""
    fixture = Fixture.read(path)
    told, text = play(fixture)

    fixture.expect("@script", told, update=update)
    if "@text" in fixture.parts:
        fixture.expect("@text", text, update=update)


@pytest.mark.parametrize("path", fixtures("complaints"))
def test_nobody_has_this_to_complain_of(path: Path, *, update: bool) -> None:
    check(path, update=update)


@pytest.mark.parametrize("path", fixtures("defects"))
def test_a_defect_of_a_peer_is_none_of_ours(path: Path, *, update: bool) -> None:
    check(path, update=update)


def held() -> dict[str, list[str]]:
    """Return what the docstring says: by number or peer, where it is held."""
    rows: dict[str, list[str]] = {}
    what = ""
    for row in _ROW.finditer(__doc__ or ""):
        what = row["what"] or what
        rows.setdefault(what, []).append(row["where"])
    return rows


def test_each_complaint_is_held_somewhere() -> None:
    numbers = {int(path.name[:2]) for path in fixtures("complaints")}
    numbers |= {int(what) for what in held() if what.isdigit()}

    assert set(COMPLAINTS) == numbers


def test_a_fixture_says_which_complaint_it_is_about_and_from_where() -> None:
    for path in fixtures("complaints"):
        fixture = Fixture.read(path)

        assert fixture.sentence.startswith(f"Complaint {int(path.name[:2])}: "), path
        assert fixture.parts["source"].strip(), path


def test_each_peer_with_defects_is_held_somewhere() -> None:
    peers = {what for what in held() if not what.isdigit()}
    stems = [path.stem for path in fixtures("defects")]

    assert [] == [stem for stem in stems if not stem.startswith(tuple(peers))]
    assert {"augment"} == {peer for peer in peers if not any(it.startswith(peer) for it in stems)}


@pytest.mark.parametrize("where", sorted({it for rows in held().values() for it in rows}))
def test_what_is_held_elsewhere_is_there(where: str) -> None:
    path, found, name = where.partition("::")
    if not found:
        assert where.startswith("no server can cause it: ")
        return
    source = (ROOT / path).read_text("utf-8")

    assert re.search(rf"^(async )?def {name}\(|^{name} = ", source, re.MULTILINE), where


class Life:
    """A session in which much happens, with everything that others have to say to it."""

    def __init__(self, lines: int = 100) -> None:
        self.session = Session()
        self.text = Text(LINE * lines)
        self.now = 0.0
        self.version = 1
        self.requests = 0
        self.streams: set[int] = set()
        self.opened: list[Open] = []
        self.looked_up = 0
        self.shown: Suggestion | None = None
        self.feed(Opened(URI, "a.py", "python", 1, self.text.string))
        self.feed(Vetted(URI, ""))
        self.feed(Up())

    def feed(self, event: Event) -> list[Effect]:
        """Have something happen; the library and the connection answer at once."""
        effects = self.session.handle(event, self.now)
        for effect in effects:
            self.take(effect)
        return effects

    def take(self, effect: Effect) -> None:
        match effect:
            case Open(stream):
                self.streams.add(stream)
                self.opened.append(effect)
            case Cancel(stream):
                self.streams.discard(stream)
            case Warm(stable):
                self.feed(Warmed(stable))
            case Pack(number):
                self.feed(Packed(number, (Block("file", "a.py", LINE, tokens=9, cost=9),)))
            case Recall(number):
                block = Block("edit", "a.py", f"edit {number}", tokens=40, cost=40)
                self.feed(Recalled(number, (block,)))
            case Foresee():
                self.looked_up += 1
            case Reply(_, _, Suggestion() as suggestion, _):
                self.shown = suggestion
            case _:
                pass

    def passes(self, seconds: float) -> None:
        """Let time pass, with a tick at each deadline."""
        end = self.now + seconds
        while (due := self.session.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            for effect in self.session.tick(self.now):
                self.take(effect)
        self.now = end

    def edit(self, start: int, end: int, new: str) -> None:
        encoding = self.session.documents.encoding
        first, last = (self.text.position(at, encoding) for at in (start, end))
        self.text = self.text.splice(Edit(start, end, new))
        self.version += 1
        self.feed(Edited(URI, self.version, [Change(first, last, new)]))

    def place(self, offset: int) -> Position:
        return self.text.position(offset, self.session.documents.encoding)

    def request(self) -> int:
        self.requests += 1
        return self.requests

    def ask(self, offset: int) -> None:
        self.feed(Asked(self.request(), URI, self.place(offset), grows=True))

    def says(self, *texts: str) -> None:
        """The model says something in its newest answer, and ends."""
        if self.streams:
            stream = max(self.streams)
            for text in texts:
                self.feed(Wrote(stream, text))
            if stream in self.streams:
                self.streams.discard(stream)
                self.feed(Ended(stream))

    def key(self, number: int) -> None:
        """One key, what is shown for it, and what becomes of that; then the line is as it was."""
        at = end = self.text.line_end(7 * number % 97)
        self.edit(at, at, "x")
        self.ask(at + 1)
        self.says(f" + a{number}", f"(b{number})")
        end += 1
        if self.shown and number % 3:
            text = self.shown.text[: 5 if number % 3 == 1 else None]
            self.edit(end, end, text)
            self.feed(Accepted(self.shown.answer, len(text)))
            end += len(text)
        elif self.shown:
            self.feed(Rejected(self.shown.answer))
        self.shown = None
        self.edit(at, end, "")

    def round(self, number: int) -> None:
        """A key, and now and then everything else that a person may do."""
        self.key(number)
        if number % 5 == 0:
            new = f"sum_of_{number % 7}"
            self.edit(0, self.text.string.index(" "), new)
            following = Following(self.request(), URI, self.version, self.place(0))
            self.feed(following)
            at = self.text.string.index("total", 30)
            found = Found("a.py", at, at + 5, "total", new, "because")
            self.feed(Foreseen(self.looked_up, (found,) if number % 2 else ()))
            self.says("total = 1\n")
        if number % 7 == 0:
            start, end = self.place(0), self.place(self.text.line_end(0))
            asked = Instructed(self.request(), URI, self.version, start, end, "tidy", grows=True)
            self.feed(asked)
            self.says("count = sum(values)\n")
        self.feed(Questioned(self.request(), URI))
        self.passes(0.7 if number % 11 else 60.0)


def reached(root: object) -> tuple[int, int]:
    """Return how many objects hang on one, and how many characters all of their texts have."""
    seen: dict[int, object] = {}
    waiting = [root]
    opaque = (type, ModuleType, FunctionType, BuiltinFunctionType)
    while waiting:
        it = waiting.pop()
        if id(it) not in seen and not isinstance(it, opaque):
            seen[id(it)] = it
            waiting += gc.get_referents(it)
    return len(seen), sum(len(it) for it in seen.values() if isinstance(it, str | bytes))


def calls(do: Callable[[], object]) -> int:
    """Return how many calls something makes, which is the work that it is, whatever the machine."""
    count = 0

    def called(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        do()
    finally:
        sys.setprofile(before)
    return count


@pytest.fixture(scope="module")
def long_life() -> dict[int, tuple[int, int, int]]:
    """Objects, characters and calls of a key, by how much has happened in one session."""
    life, figures = Life(), {}
    for number in range(5_001):
        life.round(number)
        if number in {1_000, 2_500, 5_000}:
            work = max(calls(lambda at=number: life.key(at)) for _ in range(10))  # type: ignore[misc]
            figures[number] = (*reached(life.session), work)
    assert life.requests > 5_000
    return figures


def test_what_a_session_remembers_has_an_end(long_life: dict[int, tuple[int, int, int]]) -> None:
    objects, characters, _ = long_life[2_500]
    later_objects, later_characters, _ = long_life[5_000]

    assert later_objects <= 1.1 * objects + 100
    assert later_characters <= 1.1 * characters + 1_000
    assert objects < 20_000


def test_a_key_is_no_more_work_after_thousands_of_others(
    long_life: dict[int, tuple[int, int, int]],
) -> None:
    assert long_life[5_000][2] <= 1.25 * long_life[1_000][2]


def test_a_session_that_is_left_alone_has_nothing_to_do() -> None:
    life = Life()
    for number in range(200):
        life.round(number)
    life.passes(700.0)

    assert life.session.deadline() is None
    assert not life.streams


def test_a_key_is_no_more_work_in_a_long_document() -> None:
    work = []
    for lines in (200, 20_000):
        life = Life(lines)
        for number in range(50):
            life.key(number)
            life.passes(0.7)
        work.append(max(calls(lambda: life.key(51)) for _ in range(10)))  # noqa: B023 - called here

    assert work[1] <= 1.25 * work[0]


actions = st.lists(
    st.tuples(st.sampled_from("xyz( "), st.sampled_from((0.02, 0.2, 0.6, 6.0)), st.booleans()),
    max_size=40,
)


@given(actions)
def test_typing_keeps_two_answers_in_flight_and_starts_nothing_else(
    typed: list[tuple[str, float, bool]],
) -> None:
    """With a model that is so slow that it never says anything."""
    life = Life()
    at = life.text.line_end(3)
    for char, seconds, asks in typed:
        life.edit(at, at, char)
        at += 1
        if asks:
            life.ask(at)
        assert len(life.streams) <= 2
        life.passes(seconds)
    life.passes(60.0)

    assert not life.streams
    assert not life.looked_up
    assert all(isinstance(it.prompt, Prompt) for it in life.opened)
