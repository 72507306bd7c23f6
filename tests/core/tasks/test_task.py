"""What a task is made of by the reports of its agent."""

from functools import reduce

import msgspec
import pytest

from spark_lsp.core.tasks import agent
from spark_lsp.core.tasks.agent import Report
from spark_lsp.core.tasks.task import Question, State, Step, Task, after

BEGUN = Task("task-1", "Do it.", "task", 1.0)


def heard(*reports: Report) -> Task:
    """The task once these were reported."""
    return reduce(lambda task, report: after(report, task, 2.0), reports, BEGUN)


def test_a_task_is_at_work_from_the_first_turn_on() -> None:
    opened = heard(agent.Opened("thread"), agent.TurnStarted("turn"))

    assert ("running", "thread", "turn") == (opened.state, opened.thread, opened.turn)
    assert opened.alive


@pytest.mark.parametrize("status", ["done", "interrupted", "failed"])
def test_it_is_over_when_its_turn_is(status: State) -> None:
    ended = heard(agent.TurnStarted("turn"), agent.TurnEnded("turn", status, "why"))  # type: ignore[arg-type]

    assert (status, 2.0, "why") == (ended.state, ended.ended, ended.message)
    assert ("", "") == (ended.turn, ended.doing)
    assert not ended.alive


def test_a_turn_that_is_lost_is_not_the_end() -> None:
    lost = heard(agent.TurnStarted("turn"), agent.TurnEnded("turn", "lost", "It has died."))

    assert lost.alive
    assert ("", ("It has died.",)) == (lost.turn, lost.notes)


def test_an_agent_that_does_not_come_back_is() -> None:
    lost = heard(agent.Lost("gone"))

    assert ("failed", "gone") == (lost.state, lost.message)


def test_its_plan_is_the_last_that_was_told() -> None:
    planned = heard(
        agent.Planned((agent.Step("look", "running"),)),
        agent.Planned((agent.Step("look", "done"), agent.Step("write"))),
    )

    assert (Step("look", "done"), Step("write", "pending")) == planned.steps


def test_what_it_has_read_and_written_is_kept_once_the_last_at_the_end() -> None:
    known = heard(
        agent.Reading("a"), agent.Reading("b"), agent.Reading("a"), agent.Writing("c", "done")
    )

    assert (("b", "a"), ("c",), "writing c") == (known.read, known.written, known.doing)


def test_its_last_words_are_those_behind_the_last_that_it_did() -> None:
    said = heard(agent.Said("I look"), agent.Reading("a"), agent.Said("Do"), agent.Said("ne."))

    assert "Done." == said.said


def test_it_waits_for_what_was_asked_until_that_needs_no_answer() -> None:
    asked = agent.Approval("1", "command", "make", "To see.")

    assert (Question("1", "make", "To see."),) == heard(asked).asks
    assert () == heard(asked, agent.Withdrawn("1")).asks


def test_a_write_that_was_refused_is_told_and_counts_for_nothing() -> None:
    refused = heard(agent.Writing("../out", "refused"))

    assert ((), ("../out could not be written (refused)",)) == (refused.written, refused.notes)


def test_a_command_is_told_with_what_became_of_it() -> None:
    ran = heard(agent.Ran("make", "running"), agent.Ran("make", "failed"))

    assert ("make (failed)",) == ran.ran


def test_a_summing_up_tells_what_it_has_dropped_and_kept() -> None:
    reads = [agent.Reading(f"{number}.py") for number in range(7)]
    spent = agent.Tokens(3_000, 128_000)
    told = heard(*reads, spent, agent.Ran("make", "done"), agent.Compacted())

    assert (
        "The conversation was summed up to 3,000 of 128,000 tokens. Dropped, but for the "
        "summary: what it read of 2.py, 3.py, 4.py, 5.py, 6.py and 2 more, what came of make "
        "(done), what it said and thought. Kept: the rules, your words (of very long ones the "
        "beginning and the end), and all that is written."
    ) == told.notes[0]
    assert "Dropped, but for the summary: what it said" in heard(agent.Compacted()).notes[0]


def test_what_is_told_again_and_again_stays_bounded() -> None:
    many = heard(*(agent.Reading(str(number)) for number in range(1_000)))

    assert (200, "999") == (len(many.read), many.read[-1])


def test_a_task_is_the_same_once_it_was_written_down() -> None:
    task = heard(agent.Opened("t"), agent.Planned((agent.Step("look"),)), agent.Warned("Mind."))

    assert task == msgspec.json.decode(msgspec.json.encode(task), type=Task)


def test_one_that_is_taken_up_again_begins_anew_with_what_is_known() -> None:
    again = heard(agent.Opened("t"), agent.TurnEnded("u", "failed", "why")).told("More.").again()

    assert ("starting", "", None, "t") == (again.state, again.message, again.ended, again.thread)
    assert "Do it.\nMore." == again.instruction
