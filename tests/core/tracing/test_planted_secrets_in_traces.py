"""Not one piece of a secret is in a trace, however it came into the session."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_lsp.core.effects import Grow, Refusal, Refuse, Reply, Report, Suggestion, Verdict
from spark_lsp.core.events import (
    Asked,
    Closed,
    Down,
    Ended,
    Foreseen,
    Found,
    Instructed,
    Opened,
    Redirected,
    Selected,
    Turned,
    Up,
    Vetted,
    Wrote,
)
from spark_lsp.core.text import Encoding, Position
from tests.core.tracing.stage import PLANTED, URI, Stage, body, joined, leaked

BEFORE = "import os\n\n"


def opened(line: str) -> Stage:
    return Stage(BEFORE + line)


def pasted(line: str) -> Stage:
    stage = Stage(BEFORE)
    stage.paste(line)
    return stage


def typed(line: str) -> Stage:
    stage = Stage(BEFORE)
    stage.type(line)
    return stage


def typed_with_rests(line: str) -> Stage:
    """A person looks it up somewhere else, again and again, and the server may be killed."""
    stage = Stage(BEFORE)
    for at in range(0, len(line), 11):
        stage.type(line[at : at + 11])
        stage.feed(Up(), after=4.0)
    return stage


def typed_with_mistakes(line: str) -> Stage:
    stage = Stage(BEFORE)
    for at in range(0, len(line), 7):
        stage.type(line[at : at + 7])
        stage.paste("Q")
        stage.delete()
    return stage


def typed_and_deleted(line: str) -> Stage:
    stage = typed(line)
    for _ in line:
        stage.delete()
    return stage


def typed_and_selected_and_deleted(line: str) -> Stage:
    stage = typed(line)
    stage.edit(len(BEFORE), len(BEFORE) + len(line), "")
    return stage


def pasted_without_its_name(line: str) -> Stage:
    """What tells that it is a secret comes last."""
    stage = Stage(BEFORE)
    half = len(line) // 4
    stage.paste(line[half:])
    stage.cursor = len(BEFORE)
    stage.type(line[:half])
    return stage


def sent_with_all_of_the_text(line: str) -> Stage:
    stage = Stage(BEFORE)
    for at in range(1, len(line) + 1):
        stage.become(BEFORE + line[:at])
    return stage


def written_by_the_model(line: str) -> Stage:
    stage = Stage(BEFORE)
    stage.stream(1, *(line[at : at + 3] for at in range(0, len(line), 3)))
    stage.feed(Ended(1))
    return stage


def shown_and_accepted(line: str) -> Stage:
    stage = written_by_the_model(line)
    place = stage.text.position(len(BEFORE), Encoding.UTF16)
    shown = Suggestion(1, place, line)
    part = Suggestion(1, place, line[5:])
    stage.feed(Up(), Grow(1, part), Reply(1, Verdict.SHOW, shown, f"goes on: {line}"))
    stage.paste(line)
    return stage


def written_and_typed_along(line: str) -> Stage:
    stage = Stage(BEFORE)
    stage.stream(1)
    for char in line:
        stage.feed(Wrote(1, char))
        stage.paste(char)
    return stage


def written_and_turned(line: str) -> Stage:
    stage = Stage(BEFORE)
    stage.stream(1, line[: len(line) // 2], line[len(line) // 2 :])
    stage.feed(Turned(1, "reissued"))
    stage.feed(Wrote(1, line))
    return stage


def written_behind_its_beginning(line: str) -> Stage:
    stage = Stage(BEFORE)
    stage.type(line[: len(line) // 2])
    stage.stream(1, line[len(line) // 2 :])
    stage.feed(Ended(1))
    return stage


def selected_in_a_menu(line: str) -> Stage:
    stage = Stage(BEFORE + line[:4])
    start = stage.text.position(len(BEFORE), Encoding.UTF16)
    end = stage.text.position(len(BEFORE) + 4, Encoding.UTF16)
    stage.feed(Asked(1, URI, end, grows=True, selected=Selected(start, end, line)))
    return stage


def told_in_words(line: str) -> Stage:
    """In instructions, in what a provider says, and in what an editor is told."""
    stage = Stage(BEFORE)
    here = Position(0, 0)
    stage.feed(Instructed(1, URI, 1, here, here, f"write {line}"))
    stage.feed(Redirected(2, URI, line))
    stage.feed(Down(f"the server says {line}"))
    stage.feed(Up(), Refuse(1, Refusal.FAILED, line), Report(2, f"writing {line}"))
    return stage


def found_elsewhere(line: str) -> Stage:
    stage = Stage(BEFORE + line)
    found = [Found(path, 11, 11 + len(line), line, line[6:], line) for path in ("a.py", "b.py")]
    stage.feed(Foreseen(1, tuple(found)))
    return stage


def in_a_private_document(line: str) -> Stage:
    stage = Stage(BEFORE, private="secret by name")
    stage.type(line)
    stage.stream(1, line)
    return stage


def opened_and_closed_at_once(line: str) -> Stage:
    stage = Stage(BEFORE, private=None)
    stage.type(line)
    stage.feed(Closed(URI))
    stage.feed(Vetted(URI, ""))
    return stage


def told_in_another_file(line: str) -> Stage:
    """Where nothing says what it is: but it has been seen where something did."""
    stage = Stage(line)
    other = "file:///home/alice/repository/b.py"
    value = max(line.split("'"), key=len)
    stage.feed(Opened(other, "b.py", "python", 1, f"use({value})\n"))
    stage.feed(Vetted(other, ""))
    return stage


def told_in_another_file_first(line: str) -> Stage:
    stage = Stage(f"use({max(line.split(chr(39)), key=len)})\n")
    other = "file:///home/alice/repository/b.py"
    stage.feed(Opened(other, "b.py", "python", 1, line))
    stage.feed(Vetted(other, ""))
    return stage


WAYS: Sequence[Callable[[str], Stage]] = (
    opened,
    pasted,
    typed,
    typed_with_rests,
    typed_with_mistakes,
    typed_and_deleted,
    typed_and_selected_and_deleted,
    pasted_without_its_name,
    sent_with_all_of_the_text,
    written_by_the_model,
    shown_and_accepted,
    written_and_typed_along,
    written_and_turned,
    written_behind_its_beginning,
    selected_in_a_menu,
    told_in_words,
    found_elsewhere,
    in_a_private_document,
    opened_and_closed_at_once,
    told_in_another_file,
    told_in_another_file_first,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", PLANTED)
def test_not_one_piece_of_a_secret_is_in_a_trace(name: str, way: Callable[[str], Stage]) -> None:
    line, secrets = PLANTED[name]
    told = way(line).content()

    assert leaked(line.encode(), secrets), "it is planted"
    assert [] == leaked(told, secrets)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_not_one_piece_is_in_what_a_killed_server_has_written(way: Callable[[str], Stage]) -> None:
    line, secrets = PLANTED["a token"]
    stage = way(line)
    stage.wait(60.0)
    stage.feed(Up())

    assert [] == leaked(b"".join(stage.told), secrets)


@pytest.mark.parametrize("way", [typed, typed_with_mistakes, written_by_the_model])
@pytest.mark.parametrize("name", PLANTED)
def test_what_is_typed_or_written_in_pieces_is_missing_in_the_text_too(
    name: str, way: Callable[[str], Stage]
) -> None:
    """The pieces stand in many lines of the trace: together they must not tell it either."""
    line, secrets = PLANTED[name]
    told = joined(way(line).trace()).replace("Q", "")

    assert [] == leaked(told.encode(), secrets)


@pytest.mark.parametrize("count", [1, 100])
def test_a_token_of_which_nobody_knows_yet_what_it_will_be_is_held_or_masked(count: int) -> None:
    secret = body("slow")
    stage = Stage("x = '")
    for char in f"ghp_{secret}":
        stage.type(char)
        for _ in range(count):
            stage.feed(Up(), after=5.0 / count)

    assert [] == leaked(joined(stage.trace()).encode(), [secret])


def test_a_token_that_is_typed_in_minutes_is_masked_as_soon_as_it_looks_like_one() -> None:
    secret = body("slowly")
    stage = Stage("x = '")
    stage.type(f"ghp_{secret[:14]}")
    stage.feed(Up(), after=60.0)
    told = len(stage.told)
    stage.type(secret[14:])

    assert 18 < told
    assert [] == leaked(joined(stage.trace()).encode(), [secret])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_not_one_piece_is_told_in_whatever_order_it_is_edited(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PLANTED)))
    line, secrets = PLANTED[name]
    stage = Stage(BEFORE + "y = [1, 2]\n", private=data.draw(st.sampled_from(["", None])))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(line) - 1), max_size=5)))
    for start, end in zip([0, *cuts], [*cuts, len(line)], strict=True):
        stage.type(line[start:end]) if data.draw(st.booleans()) else stage.paste(line[start:end])
        match data.draw(st.sampled_from(["", "rest", "elsewhere", "mistake"])):
            case "rest":
                stage.feed(Up(), after=3.0)
            case "elsewhere":
                cursor = stage.cursor
                stage.edit(0, 0, "#\n")
                stage.cursor = cursor + 2
            case "mistake":
                stage.paste("oops")
                stage.delete(4)
    if data.draw(st.booleans()):
        stage.edit(0, len(stage.text), "")
    told = stage.content()

    assert [] == leaked(told, secrets)
    assert [] == leaked(joined(stage.trace()).replace("oops", "").encode(), secrets)
