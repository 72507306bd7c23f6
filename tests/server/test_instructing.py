"""What wants a model that follows instructions, where not every way leads to one."""

from dataclasses import replace

import pytest

from spark_lsp.core.events import Down, Ended, Failed, Turned, Up, Wrote
from spark_lsp.core.prompt import Prompt, Rewrite
from tests.ways import PROMPT, STABLE, UNABLE, Scene, scene

REWRITE = Rewrite(STABLE, "a.py", "import os\n", "x = 1\n", "print(x)\n", "Double it.")
AGAIN = replace(PROMPT, instruction="Use a set.")
WAITS = Failed(1, "asks to wait", transient=True, after=30.0)
TOLD = Failed(1, "asks to wait, for 30 s", transient=True, after=30.0)
REFUSED = Failed(1, UNABLE, transient=False)

both = pytest.mark.parametrize("asked", [PROMPT, REWRITE], ids=["completion", "rewrite"])


async def stood_in(it: Scene) -> None:
    """Have the engine at hand."""
    await it.engine.begun.wait()
    it.engine.feed(Up())


async def over_http(it: Scene) -> None:
    """Have HTTP at hand, and not chosen."""
    it.socket.feed(Down("it has none", hopeless=True))
    await it.http.begun.wait()
    it.http.feed(Up())
    it.socket.feed(Up())
    it.heard.all.clear()


async def test_whether_the_model_follows_instructions_is_told_of_each_way_that_is_used() -> None:
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.socket.feed(Up())
        it.socket.feed(Down("lost", hopeless=True))

        told = [event for event in it.events if isinstance(event, Up)]
        assert [Up(instructable=False), Up(instructable=True), Up(instructable=False)] == told
        kinds = [type(event) for event in it.events]
        assert [Up, Down, Up, Down, Up] == kinds


async def test_a_rewrite_goes_where_completions_go() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, REWRITE)
        it.socket.feed(Wrote(1, "x = 2\n"))
        it.socket.feed(Ended(1))

        assert [(1, REWRITE)] == it.socket.calls
        assert [Up(), Wrote(1, "x = 2\n"), Ended(1)] == it.events


async def test_the_engine_refuses_a_rewrite_in_a_sentence_and_not_within_the_call() -> None:
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.heard.all.clear()
        it.provider.open(1, REWRITE)
        assert [] == it.events
        await it.heard.until(len)

        assert [REFUSED] == it.events
        assert [] == it.engine.calls


async def test_what_was_refused_and_is_cancelled_before_that_is_told_is_not_told() -> None:
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.heard.all.clear()
        it.provider.open(1, REWRITE)
        it.provider.cancel(1)
        it.provider.open(2, REWRITE)
        await it.heard.until(len)

        assert [replace(REFUSED, stream=2)] == it.events


async def test_refusals_are_not_counted_against_the_engine_nor_rewrites_against_a_model() -> None:
    """Completions go on as before."""
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.socket.feed(Up())
        for stream in range(1, 6):
            it.provider.open(stream, REWRITE)
            it.socket.feed(Failed(stream, "the model declines to write this", transient=False))
        it.provider.open(6, PROMPT)

        assert (6, PROMPT) == it.socket.calls[-1]
        assert "Normal" == it.told.all[-1].kind


async def test_the_engine_is_shown_what_was_said_of_a_completion_and_nothing_of_the_rest() -> None:
    """It goes by the names in it, and knows the workspace by itself."""
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.provider.open(1, AGAIN)

        assert [(1, replace(AGAIN, stable=()))] == it.engine.calls


# Steering.


@both
async def test_a_steer_goes_by_the_way_that_carries_the_answer(asked: Prompt | Rewrite) -> None:
    """Also when another has been chosen since."""
    async with scene() as it:
        it.socket.feed(Down("it has none", hopeless=True))
        await it.http.begun.wait()
        it.http.feed(Up())
        it.provider.open(1, asked)
        it.socket.feed(Up())
        it.provider.steer(1, "shorter", AGAIN)
        it.http.feed(Wrote(1, "old"))
        it.http.feed(Turned(1, "reissued"))
        it.http.feed(Wrote(1, "new"))
        it.http.feed(Ended(1))

        assert [(1, asked), (1, "shorter", AGAIN)] == it.http.calls
        assert [] == it.socket.calls
        turned = Turned(1, "reissued")
        assert [Wrote(1, "old"), turned, Wrote(1, "new"), Ended(1)] == it.events[-4:]


async def test_what_has_ended_or_never_was_is_steered_in_vain_and_nothing_is_told() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.socket.feed(Ended(1))
        it.provider.open(2, PROMPT)
        it.provider.cancel(2)
        it.socket.calls.clear()
        for stream in (1, 2, 3):
            it.provider.steer(stream, "shorter", AGAIN)

        assert [] == it.socket.calls
        assert [Up(), Ended(1)] == it.events


async def test_the_engine_refuses_to_be_steered_and_is_stopped() -> None:
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.provider.open(1, PROMPT)
        it.engine.feed(Wrote(1, "value"))
        it.heard.all.clear()
        it.provider.steer(1, "shorter", AGAIN)
        assert [] == it.events
        await it.heard.until(len)
        it.engine.feed(Wrote(1, "late"))

        assert [REFUSED] == it.events
        assert 1 == it.engine.calls[-1]


@both
async def test_a_turn_that_another_way_has_to_take_is_told_before_anything_of_it(
    asked: Prompt | Rewrite,
) -> None:
    """What was heard before is void with the turn."""
    async with scene() as it:
        await over_http(it)
        it.provider.open(1, asked)
        it.socket.feed(Wrote(1, "old"))
        it.provider.steer(1, "shorter", AGAIN)
        # Only this way is at fault.
        it.socket.feed(Failed(1, "the account is empty", transient=False, lasting=True))
        it.http.feed(Wrote(1, "new"))
        it.http.feed(Ended(1))

        assert [(1, AGAIN)] == it.http.calls
        told = [event for event in it.events if not isinstance(event, Up | Down)]
        assert [Wrote(1, "old"), Turned(1, "reissued"), Wrote(1, "new"), Ended(1)] == told


async def test_what_was_turned_already_is_begun_anew_by_another_way_without_a_word() -> None:
    """With what was asked last."""
    async with scene() as it:
        await over_http(it)
        it.provider.open(1, PROMPT)
        it.socket.feed(Wrote(1, "old"))
        it.provider.steer(1, "shorter", AGAIN)
        it.socket.feed(Turned(1, "interrupted"))
        it.socket.feed(Failed(1, "the account is empty", transient=False, lasting=True))
        it.http.feed(Ended(1))

        assert [(1, AGAIN)] == it.http.calls
        told = [event for event in it.events if not isinstance(event, Up | Down)]
        assert [Wrote(1, "old"), Turned(1, "interrupted"), Ended(1)] == told


async def test_of_a_turned_answer_that_was_heard_no_other_way_begins_anew() -> None:
    async with scene() as it:
        await over_http(it)
        it.provider.open(1, PROMPT)
        it.provider.steer(1, "shorter", AGAIN)
        it.socket.feed(Turned(1, "steered"))
        it.socket.feed(Wrote(1, "new"))
        empty = Failed(1, "the account is empty", transient=False, lasting=True)
        it.socket.feed(empty)

        assert [] == it.http.calls
        assert empty.reason == it.events[-1].reason  # type: ignore[union-attr]


@both
async def test_what_was_steered_does_not_go_over_to_the_engine(asked: Prompt | Rewrite) -> None:
    """It would write something else than what the person wants; the reason is what has happened."""
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.socket.feed(Up())
        it.provider.open(1, asked)
        it.provider.steer(1, "shorter", AGAIN)
        it.socket.feed(WAITS)

        assert [] == it.engine.calls
        assert TOLD == it.events[-1]


async def test_a_rewrite_does_not_go_over_to_the_engine_and_has_failed_of_what_it_did() -> None:
    async with scene(patience=0.0) as it:
        await stood_in(it)
        it.socket.feed(Up())
        it.provider.open(1, REWRITE)
        it.socket.feed(WAITS)

        assert [] == it.engine.calls
        assert TOLD == it.events[-1]


async def test_whoever_cancels_upon_a_turn_has_cancelled_what_was_turned() -> None:
    """The session may do so while it hears of it."""
    async with scene() as it:
        await over_http(it)
        it.provider.open(1, PROMPT)
        it.provider.steer(1, "shorter", AGAIN)
        hear = it.provider._feed

        def feed(event: object) -> None:
            hear(event)  # type: ignore[arg-type]
            if isinstance(event, Turned):
                it.provider.cancel(1)

        it.provider._feed = feed
        it.socket.feed(Failed(1, "the account is empty", transient=False, lasting=True))
        it.http.feed(Wrote(1, "new"))

        assert [(1, AGAIN), 1] == it.http.calls
        assert Turned(1, "reissued") == it.events[-1]


async def test_a_provider_that_is_replaced_fails_what_is_being_steered_once() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.provider.steer(1, "shorter", AGAIN)
        it.provider.end()
        it.socket.feed(Turned(1, "steered"))

        assert [Up, Down, Failed] == [type(event) for event in it.events]
