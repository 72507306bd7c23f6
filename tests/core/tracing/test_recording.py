"""What is held back, in which order lines leave, and what of private documents is told."""

import json
from typing import Any

import pytest

from spark_lsp.core.documents import Change
from spark_lsp.core.effects import (
    Explained,
    Grow,
    Open,
    Proposal,
    Proposed,
    Replacement,
    Reply,
    Shelve,
    Suggestion,
    Verdict,
)
from spark_lsp.core.events import (
    Asked,
    Closed,
    Edited,
    Ended,
    Foreseen,
    Found,
    Opened,
    Outdated,
    Packed,
    Up,
    Vetted,
    Wrote,
)
from spark_lsp.core.policy import Policy
from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.core.text import Encoding, Position
from spark_lsp.core.tracing.recording import MOST, Recording
from tests.core.tracing.stage import URI, Stage, joined

HERE = Position(0, 0)
OTHER = "file:///home/alice/repository/b.py"


def events(stage: Stage) -> list[str]:
    """Return what a trace tells of, by the names of the events."""
    return [line.event["type"] if line.event else "tick" for line in stage.trace().lines]


def last(stage: Stage) -> dict[str, Any]:
    line = stage.trace().lines[-1]
    return {"event": line.event, "effects": line.effects, "masked": line.masked}


def test_a_trace_begins_with_what_its_session_was_made_with() -> None:
    recording = Recording(Encoding.UTF8, 24_000, Policy(stall=9.0))
    recording.event(Up(), 1_234.75)
    recording.effects([], 1_234.75)
    header, line = map(json.loads, recording.lines())

    assert (1, "utf-8", 24_000, 1_234.0) == (
        header["spark-lsp-trace"],
        header["encoding"],
        header["window"],
        header["start"],
    )
    assert 9.0 == header["policy"]["stall"]
    up = {"type": "Up", "instructable": True, "guidable": False, "drafts": False}
    assert {"at": 0.75, "event": up} == line


def test_a_session_to_which_nothing_happened_has_a_header_all_the_same() -> None:
    recording = Recording(Encoding.UTF16, 1, Policy())

    assert 1 == len(recording.close())
    assert [] == recording.close()


def test_every_time_comes_back_to_the_last_bit() -> None:
    recording = Recording(Encoding.UTF16, 1, Policy())
    times = [86_399.1, 86_400.3, 131_071.9999, 131_072.1]
    for time in times:
        recording.effects([], time)
    header, *lines = map(json.loads, recording.close())

    assert times == [header["start"] + line["at"] for line in lines]


def test_effects_without_an_event_are_those_of_time_passing() -> None:
    stage = Stage()
    stage.recording.effects([], 2_000.0)
    stage.recording.effects([Shelve(URI, "a.py", "abc")], 2_001.0)
    *_, quiet, shelved = stage.trace().lines

    assert (None, []) == (quiet.event, quiet.effects)
    assert [{"type": "Shelve", "uri": "file:///trace/a.py", "path": "a.py", "text": 3}] == (
        shelved.effects
    )


def test_an_event_at_which_the_session_failed_has_no_effects() -> None:
    stage = Stage()
    stage.recording.event(Up(), 2_000.0)
    stage.feed(Up())
    *_, failed, other = stage.trace().lines

    assert (None, []) == (failed.effects, other.effects)


def test_nothing_is_told_of_a_document_until_it_is_known_whether_it_is_private() -> None:
    stage = Stage("x = 1\n", private=None)
    stage.feed(Up(), after=100.0)
    before = len(stage.told)
    stage.feed(Vetted(URI, ""), after=100.0)

    assert (0, 4) == (before, len(stage.told))


def test_keys_are_held_until_the_document_rests() -> None:
    stage = Stage()
    stage.type("x = ")
    held = len(stage.told)
    stage.feed(Up(), after=2.5)

    assert (0, 8) == (held, len(stage.told))


def test_keys_are_held_longer_in_a_word_that_may_become_a_secret() -> None:
    stage = Stage()
    stage.type("ghp_AbCdE")
    stage.feed(Up(), after=29.0)
    held = len(stage.told)
    stage.feed(Up(), after=2.0)

    assert (0, 14) == (held, len(stage.told))


def test_where_nothing_happens_time_is_told() -> None:
    stage = Stage()
    stage.type("x")
    stage.recording.idle(1.9)
    early = stage.recording.lines()
    stage.recording.idle(0.2)

    assert (0, 4) == (len(early), len(stage.recording.lines()))


def test_a_closed_document_holds_nothing_back() -> None:
    stage = Stage()
    stage.type("subtotal")
    stage.feed(Closed(URI))

    assert 12 == len(stage.told)


def test_a_stream_holds_back_what_it_writes_until_it_has_ended() -> None:
    stage = Stage("x = ")
    stage.stream(1, "total", "(a", ")")
    stage.feed(Up(), after=100.0)
    held = len(stage.told)
    stage.feed(Ended(1))

    assert (4, 9) == (held, len(stage.told))


def test_lines_leave_in_the_order_in_which_things_happened() -> None:
    stage = Stage()
    stage.feed(Opened(OTHER, "b.py", "python", 1, "y = 1\n"))
    stage.type("x")
    stage.feed(Up())
    stage.feed(Vetted(OTHER, ""))
    stage.feed(Closed(OTHER))

    assert ["Opened", "Vetted", "Opened", "Edited", "Up", "Vetted", "Closed"] == events(stage)


def test_not_more_is_held_than_there_is_room_for() -> None:
    stage = Stage()
    for _ in range(MOST + 100):
        stage.feed(Wrote(1, "x"), Open(1, Prompt((), "a.py", "", "")), after=0.0)

    assert MOST < len(stage.told) < MOST + 100


def test_a_private_document_is_told_by_its_layout_and_under_another_name() -> None:
    stage = Stage("key = 'Ab1'\n", path="notes/keys.py", private="ignored by git or .sparkignore")
    stage.type("go 7")
    stage.feed(Asked(1, URI, HERE, grows=True))
    suggestion = Suggestion(1, HERE, "see 2\n")
    stage.feed(Up(), Grow(1, suggestion), Reply(1, Verdict.SHOW, suggestion, "an answer"))
    told = stage.content().decode()

    assert "xxx = 'xxx'\nxx x" == joined(stage.trace())
    assert 2 == told.count('"xxx x\\n"')
    assert "private-1.py" in told
    assert not any(word in told for word in ("keys", "notes", "alice", "key", "see"))


def test_a_document_that_was_private_once_stays_it() -> None:
    stage = Stage("key\n", private="secret by name")
    stage.feed(Vetted(URI, ""))
    stage.type("see")

    assert "xxx\nxxx" == joined(stage.trace())


def test_a_document_that_was_never_judged_is_private() -> None:
    stage = Stage("key\n", private=None)
    stage.type("see")

    assert "xxx\nxxx" == joined(stage.trace())


def test_a_text_that_is_not_open_is_private() -> None:
    stage = Stage()
    stage.feed(Edited(OTHER, 2, [Change(HERE, HERE, "see")]))
    stage.feed(Wrote(77, "see"))

    assert "xxxxxx" == joined(stage.trace())


def test_a_stream_for_a_private_document_is_private() -> None:
    stage = Stage("key\n", private="secret by name")
    stage.stream(1, "see")
    stage.recording.effects([Open(2, Rewrite((), "a.py", "key\n", "", "", "do"))], stage.now)
    stage.feed(Wrote(2, "say"))

    assert "xxx\nxxxxxx" == joined(stage.trace())


def test_of_other_files_there_is_nothing_but_what_was_chosen() -> None:
    stage = Stage()
    block = Block("file", "lib/b.py", "def secretly():\n", "defines secretly", 1, 2, 3, 4)
    stage.feed(Packed(1, (block,), frozenset({"lib"})))
    told = last(stage)

    assert {
        "kind": "file",
        "path": "lib/b.py",
        "text": 16,
        "reason": "",
        "start_line": 1,
        "end_line": 2,
        "tokens": 3,
        "cost": 4,
    } == told["event"]["blocks"][0]
    assert "secretly" not in json.dumps(told)


def test_of_files_that_changed_no_private_name_is_told() -> None:
    stage = Stage()
    stage.feed(Outdated(("lib/b.py", ".env"), ("/home/alice/x.py",)))
    told = last(stage)["event"]

    assert (["lib/b.py", "private-1"], ["../outside-2.py"]) == (told["paths"], told["gone"])


def test_what_follows_from_an_edit_is_told_only_of_the_open_document() -> None:
    stage = Stage("total = 1\n")
    found = [Found(path, 0, 5, "total", "sum_2", "rename it") for path in ("a.py", "b.py")]
    edit = Replacement(HERE, Position(0, 5), "sum_2")
    proposals = (
        Proposal(1, URI, "a.py", 1, edit, "rename it"),
        Proposal(2, None, "b.py", None, edit, "rename it"),
    )
    stage.feed(Foreseen(1, tuple(found)), Proposed(1, proposals))
    told = last(stage)

    assert [["total", "sum_2", "rename it"], ["xxxxx", "xxx_x", "xxxxxx xx"]] == [
        it[3:6] for it in told["event"]["found"]
    ]
    assert [("sum_2", "rename it"), ("xxx_x", "xxxxxx xx")] == [
        (it["edit"]["text"], it["reason"]) for it in told["effects"][0]["proposals"]
    ]


def test_of_an_explanation_it_is_told_what_it_was_about() -> None:
    stage = Stage()
    stage.feed(Up(), Explained(1, {"shown": "total", "context": ["b.py"]}))

    assert ["context", "shown"] == last(stage)["effects"][0]["account"]


def test_a_text_sent_anew_is_told_as_what_has_changed() -> None:
    stage = Stage("x = 1\ny = 2\n")
    stage.become("x = 1\nz = 2\n")
    (change,) = last(stage)["event"]["changes"]

    assert ({"line": 1, "character": 0}, "z") == (change["start"], change["text"])


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\x00", "\u2028\u0085\x0c"])
def test_no_text_ends_a_recording(text: str) -> None:
    stage = Stage(text)
    stage.type(text)
    stage.stream(1, text)
    stage.feed(Closed(URI), Reply(1, Verdict.SHOW, Suggestion(1, HERE, text), text))

    assert len(text) + 4 == sum(name != "Wrote" for name in events(stage))
