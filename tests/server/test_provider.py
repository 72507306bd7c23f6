"""One model by several ways: where requests go, what the session hears, what a person is told."""

import pytest

from spark_lsp.core.events import Down, Ended, Failed, Up, Warmed, Wrote
from spark_lsp.core.prompt import Prompt
from spark_lsp.server import provider as provider_module
from spark_lsp.server.status import Status
from tests.ways import GONE, PROMPT, STABLE, Scene, scene

DRAFT = Prompt((), "a.py", "x = ", "\n")


async def test_the_best_way_carries_everything_while_it_is_there() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.warm(STABLE)
        it.provider.open(1, PROMPT)
        it.socket.feed(Warmed(STABLE))
        it.socket.feed(Wrote(1, "value"))
        it.socket.feed(Ended(1))

        assert [Up(), Warmed(STABLE), Wrote(1, "value"), Ended(1)] == it.events
        assert [STABLE, (1, PROMPT)] == it.socket.calls
        assert not it.http.running
        assert not it.engine.running
        assert [
            Status("Normal", "connecting to mine", busy=True),
            Status("Normal", "mine"),
        ] == it.told.all


async def test_without_a_websocket_it_is_asked_over_http_until_there_is_one() -> None:
    async with scene() as it:
        it.socket.feed(Down("it has none", hopeless=True))
        await it.http.begun.wait()
        it.http.feed(Up())
        it.provider.open(1, PROMPT)
        assert [(1, PROMPT)] == it.http.calls
        it.socket.feed(Up())
        it.http.feed(Wrote(1, "still heard"))
        it.http.feed(Ended(1))
        it.provider.open(2, PROMPT)

        assert [(2, PROMPT)] == it.socket.calls
        kinds = [type(event) for event in it.events]
        assert [Down, Up, Down, Up, Wrote, Ended] == kinds
        assert [it.message for it in it.told.all[-2:]] == ["mine, over HTTP", "mine"]


async def test_the_engine_fills_in_and_is_shown_no_more_than_the_cursor() -> None:
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.socket.feed(Down(GONE))
        it.engine.feed(Up())
        it.provider.warm(STABLE)
        it.provider.open(1, PROMPT)

        assert [(1, Prompt((), "a.py", "x = ", "\n"))] == it.engine.calls
        assert Status("Warning", f"{GONE}; the embedded engine fills in") == it.told.all[-1]


async def test_a_short_absence_of_the_provider_brings_no_engine() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.socket.feed(Down("lost"))
        it.socket.feed(Up())

        assert [Up(), Down("lost"), Up()] == it.events
        assert not it.engine.running


async def test_where_nothing_answers_the_person_is_told_why() -> None:
    async with scene() as it:
        it.socket.feed(Down(GONE))

        assert [Down(GONE)] == it.events
        assert Status("Error", GONE) == it.told.all[-1]


async def test_a_request_without_any_way_fails_but_not_within_the_call() -> None:
    async with scene() as it:
        it.provider.open(1, PROMPT)
        assert [] == it.events
        await it.heard.until(len)

        assert [Failed(1, "the model is away", transient=True)] == it.events


@pytest.mark.parametrize(
    "failed",
    [
        Failed(1, "asks to wait", transient=True, after=30.0),
        Failed(1, "the account is empty", transient=False, lasting=True),
    ],
    ids=["rate limit", "account"],
)
async def test_what_would_fail_again_goes_to_the_engine_unseen(failed: Failed) -> None:
    async with scene(patience=0.0) as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.socket.feed(failed)
        await it.engine.begun.wait()
        reason = f"{failed.reason}, for 30 s" if failed.after else failed.reason
        again = Failed(1, reason, transient=True, lasting=failed.lasting)
        assert [Up(), Down(reason), again] == it.events
        it.engine.feed(Up())
        it.socket.calls.clear()
        it.provider.open(2, PROMPT)

        assert 2 == it.engine.calls[-1][0]  # type: ignore[index]
        assert [] == it.socket.calls
        assert "Warning" == it.told.all[-1].kind


async def test_with_the_engine_at_hand_such_a_failure_is_not_even_heard_of() -> None:
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.socket.feed(Failed(1, "asks to wait", transient=True, after=30.0))
        it.engine.feed(Wrote(1, "value"))
        it.engine.feed(Ended(1))

        assert not any(isinstance(event, Failed) for event in it.events)
        assert [Wrote(1, "value"), Ended(1)] == it.events[-2:]


async def test_an_answer_of_which_something_was_heard_is_not_begun_by_another() -> None:
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.socket.feed(Wrote(1, "val"))
        it.socket.feed(Failed(1, "asks to wait", transient=True, after=30.0))

        assert Failed(1, "asks to wait, for 30 s", transient=True) == it.events[-1]
        assert [] == it.engine.calls


async def test_a_key_that_is_refused_is_not_tried_another_way() -> None:
    async with scene(patience=0.0) as it:
        it.socket.feed(Down("the key is refused", hopeless=True, refused=True))
        await it.engine.begun.wait()

        assert not it.http.running


async def test_a_passing_failure_is_left_to_who_asked() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        failed = Failed(1, "busy", transient=True, after=0.5)
        it.socket.feed(failed)

        assert [Up(), failed] == it.events
        assert Status("Normal", "mine") == it.told.all[-1]


async def test_what_fails_twice_is_left_to_the_engine_for_a_while() -> None:
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        for stream in (1, 2):
            it.provider.open(stream, PROMPT)
            it.socket.feed(Failed(stream, "the context is too long", transient=False))
        it.provider.open(3, PROMPT)

        assert 3 == it.engine.calls[-1][0]  # type: ignore[index]
        expected = Status("Warning", "the context is too long; the embedded engine fills in")
        assert expected == it.told.all[-1]


async def test_a_provider_that_is_there_and_says_nothing_is_left_to_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider_module, "_SILENT", 0.0)
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        for stream in (1, 2):
            it.provider.open(stream, PROMPT)
            it.provider.cancel(stream)
        await it.told.until(lambda all_: all_[-1].kind == "Warning")
        it.provider.open(3, PROMPT)

        assert 3 == it.engine.calls[-1][0]  # type: ignore[index]
        assert "mine does not answer" in it.told.all[-1].message


async def test_an_answer_that_has_begun_counts_though_it_was_cancelled() -> None:
    """A person who types on cancels nearly all that is written for them."""
    async with scene(patience=0.0) as it:
        it.socket.feed(Up())
        for stream in (1, 3, 5):
            it.provider.open(stream, PROMPT)
            it.socket.feed(Failed(stream, "busy", transient=True))
            it.provider.open(stream + 1, PROMPT)
            it.socket.feed(Wrote(stream + 1, "value"))
            it.provider.cancel(stream + 1)

        assert Status("Normal", "mine") == it.told.all[-1]


async def test_a_provider_that_thinks_is_not_taken_for_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider_module, "_SILENT", 0.0)
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        for stream in (1, 2, 3):
            it.provider.open(stream, PROMPT)
            it.socket.feed(Wrote(stream, ""))
            it.provider.cancel(stream)

        assert [1, 2, 3] == [call for call in it.socket.calls if isinstance(call, int)]


async def test_a_rate_limit_holds_for_all_ways_to_the_account() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.socket.feed(Failed(1, "asks to wait", transient=True, after=30.0))

        assert not it.http.running


async def test_a_better_way_is_looked_for_without_hurry_while_another_is_in_use() -> None:
    async with scene() as it:
        it.socket.feed(Down("it has none", hopeless=True))
        await it.http.begun.wait()
        assert [] == it.socket.relaxings
        it.http.feed(Up())
        it.http.feed(Down("gone, too"))

        assert [True, False] == it.socket.relaxings


async def test_a_cancel_goes_where_the_request_went() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.provider.cancel(1)
        it.provider.cancel(1)
        it.socket.feed(Wrote(1, "late"))

        assert [(1, PROMPT), 1] == it.socket.calls
        assert [Up()] == it.events


async def test_the_engine_is_dismissed_when_it_was_not_needed_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider_module, "_LINGERS", 0.0)
    async with scene(patience=0.0) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        await it.engine.ended.wait()
        it.engine.begun.clear()
        it.socket.feed(Down(GONE))
        await it.engine.begun.wait()  # and begun again when it is


async def test_what_is_over_says_so_once_and_nothing_after_that() -> None:
    async with scene() as it:
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.provider.end()
        it.socket.feed(Wrote(1, "late"))
        it.socket.feed(Up())

        kinds = [type(event) for event in it.events]
        assert [Up, Down, Failed] == kinds


async def test_a_way_that_breaks_is_not_passed_over_in_silence() -> None:
    it = Scene()
    it.socket.defect = RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        await it.provider.run()


async def test_the_engine_drafts_beside_the_way_that_is_used() -> None:
    async with scene(drafts=True) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())
        it.provider.open(1, PROMPT)
        it.provider.draft(2, DRAFT)
        it.engine.feed(Wrote(2, "value"))
        it.engine.feed(Ended(2))
        it.engine.feed(Wrote(2, "late"))
        it.provider.draft(3, DRAFT)
        it.provider.cancel(3)
        it.engine.feed(Wrote(3, "late"))

        assert [Up(drafts=True), Wrote(2, "value"), Ended(2)] == it.events
        assert [(2, DRAFT), (3, DRAFT), 3] == it.engine.calls
        assert [(1, PROMPT)] == it.socket.calls


async def test_the_engine_that_stands_in_writes_no_drafts_for_itself() -> None:
    async with scene(patience=0.0, drafts=True) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Down(GONE, hopeless=True))

        assert Up(instructable=False) == it.events[-1]
        assert "fills in" in it.told.all[-1].message


async def test_drafts_that_fail_say_nothing_of_the_provider() -> None:
    async with scene(drafts=True) as it:
        await it.engine.begun.wait()
        it.socket.feed(Up())
        for number in (1, 2, 3):
            it.provider.draft(number, DRAFT)
            it.engine.feed(Failed(number, "asks to wait", transient=True, after=30.0))
        it.engine.feed(Down("the embedded engine did not start"))

        assert [Up, Failed, Failed, Failed] == [type(event) for event in it.events]
        assert Status("Normal", "mine") == it.told.all[-1]


async def test_an_engine_that_only_drafts_never_stands_in() -> None:
    async with scene(patience=0.0, drafts=True, alone=True) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Down(GONE, hopeless=True))
        assert [Down(GONE, hopeless=True)] == it.events
        assert Status("Error", GONE) == it.told.all[-1]
        it.socket.feed(Up())
        it.provider.draft(1, DRAFT)
        it.engine.feed(Wrote(1, "value"))

        assert [Up(drafts=True), Wrote(1, "value")] == it.events[1:]


async def test_an_engine_that_drafts_is_not_dismissed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "_LINGERS", 0.0)
    async with scene(patience=0.0, drafts=True) as it:
        await it.engine.begun.wait()
        it.engine.feed(Up())
        it.socket.feed(Up())

        assert it.provider._lingering is None


async def test_drafts_end_with_the_model_beside_which_they_were_written() -> None:
    async with scene(drafts=True) as it:
        await it.engine.begun.wait()
        it.socket.feed(Up())
        it.provider.draft(1, DRAFT)
        it.provider.end()
        it.engine.feed(Wrote(1, "late"))

        assert [Up, Down, Failed] == [type(event) for event in it.events]
