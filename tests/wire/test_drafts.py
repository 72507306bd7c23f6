"""The frame of a request: in full, or only what a warm base lacks, with its cache breakpoint."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.wire.bases import Base
from spark_lsp.wire.capabilities import Profile
from spark_lsp.wire.drafts import Drafts
from spark_lsp.wire.lanes import Request
from spark_lsp.wire.layout import read

PROFILE = Profile("m", "low", 128, lanes=True, continuation=True, interrupt=False)
MARKED = replace(PROFILE, cache_breakpoint=True)
STABLE = (Block("rules", "AGENTS.md", "Use tabs."), Block("file", "a.py", "A = 1\n"))
GROWN = (*STABLE, Block("file", "b.py", "B = 2\n"))
PROMPT = Prompt(STABLE, "open.py", "y = ", "\n")
BASE = Base("base", STABLE, "r0")
MARK = {"mode": "explicit"}


def asks(prompt: Prompt, **fields: Any) -> Request:
    return Request(1, prompt.stable, prompt, **fields)


def drafted(
    profile: Profile, request: Request, base: Base | None = None, drafts: Drafts | None = None
) -> dict[str, Any]:
    """The frame of a request, read."""
    frame = (drafts or Drafts()).frame(profile, request, "c0", base)
    message: dict[str, Any] = json.loads(frame)
    return message


def marks(message: dict[str, Any]) -> list[tuple[int, int]]:
    """Where a frame has cache breakpoints: item and part."""
    found = []
    for at, item in enumerate(message["input"]):
        for part_at, part in enumerate(item["content"]):
            if "prompt_cache_breakpoint" in part:
                assert MARK == part["prompt_cache_breakpoint"]
                found.append((at, part_at))
    return found


def texts(message: dict[str, Any]) -> str:
    return "".join(part["text"] for item in message["input"] for part in item["content"])


def test_without_a_base_all_is_sent() -> None:
    request = asks(PROMPT)
    message = drafted(PROFILE, request)

    assert "previous_response_id" not in message
    assert "" == request.parent
    assert PROMPT == read(message["input"])


def test_a_request_continues_from_a_base_that_its_stable_part_begins_with() -> None:
    """What has grown since is sent with the tail."""
    request = asks(replace(PROMPT, stable=GROWN))
    message = drafted(PROFILE, request, BASE)

    assert "r0" == message["previous_response_id"] == request.parent
    assert GROWN[2:] == read(message["input"]).stable
    assert "A = 1" not in texts(message)


@pytest.mark.parametrize(
    ("stable", "known"),
    [
        (STABLE[:1], STABLE),
        ((), STABLE),
        ((STABLE[1], STABLE[0]), STABLE),
        ((replace(STABLE[0], text="Use spaces."), STABLE[1]), STABLE),
        (STABLE, ()),
    ],
)
def test_a_request_does_not_continue_from_a_base_that_says_other_things(
    stable: tuple[Block, ...], known: tuple[Block, ...]
) -> None:
    """Nor from one that holds nothing: that spares nothing and may be forgotten."""
    request = asks(replace(PROMPT, stable=stable))
    message = drafted(PROFILE, request, Base("base", known, "r0"))

    assert "previous_response_id" not in message
    assert stable == read(message["input"]).stable


def test_a_request_that_must_not_continue_is_sent_in_full() -> None:
    """The server has forgotten what it continued from."""
    request = asks(PROMPT, full=True, parent="r0")

    assert "previous_response_id" not in drafted(PROFILE, request, BASE)
    assert "" == request.parent


def test_a_warm_up_is_the_same_request_without_its_tail() -> None:
    """All but lane, generate, parent and input are equal, so that a turn may continue (§1.4)."""
    drafts = Drafts()
    warming = drafted(MARKED, Request(None, STABLE), drafts=drafts)
    turn = drafted(MARKED, asks(PROMPT), BASE, drafts)

    assert warming.pop("generate") is False
    assert "r0" == turn.pop("previous_response_id")
    del warming["input"], turn["input"]
    assert warming == turn


# Breakpoints.


def test_the_breakpoint_is_set_on_the_last_stable_block_and_no_other() -> None:
    """What changes with each key must not be written to the cache (§6)."""
    message = drafted(MARKED, asks(PROMPT))

    items = len(message["input"])
    assert [(items - 2, 2)] == marks(message)
    assert MARK == message["prompt_cache_options"]


def test_a_warm_up_is_marked_where_the_turns_in_full_will_be() -> None:
    """Else what it writes would never match."""
    warming = drafted(MARKED, Request(None, STABLE))
    turn = drafted(MARKED, asks(PROMPT))

    assert marks(warming) == marks(turn)
    assert warming["input"] == turn["input"][:-1]


def test_what_has_grown_is_marked_at_its_end() -> None:
    message = drafted(MARKED, asks(replace(PROMPT, stable=GROWN)), BASE)

    assert [(0, 2)] == marks(message)


def test_a_key_over_a_warm_base_writes_nothing() -> None:
    """But still says so: the implicit breakpoint would be written with each key."""
    message = drafted(MARKED, asks(PROMPT), BASE)

    assert [] == marks(message)
    assert MARK == message["prompt_cache_options"]


def test_without_blocks_the_task_is_marked() -> None:
    message = drafted(MARKED, asks(replace(PROMPT, stable=())))

    assert [(0, 0)] == marks(message)


def test_where_breakpoints_are_not_known_none_is_set() -> None:
    message = drafted(PROFILE, asks(PROMPT))

    assert [] == marks(message)
    assert "prompt_cache_options" not in message


# The spelling that is kept.


def test_the_same_stable_part_is_spelled_once() -> None:
    """A provider without continuation is sent half a megabyte with every key."""
    drafts = Drafts()
    drafted(PROFILE, asks(PROMPT), drafts=drafts)
    kept = drafts._spelled
    drafted(PROFILE, asks(replace(PROMPT, prefix="z = ")), drafts=drafts)

    assert kept is drafts._spelled


def test_what_is_kept_is_not_taken_for_another() -> None:
    """Neither for another stable part, nor for the same with a breakpoint."""
    drafts = Drafts()
    other = replace(PROMPT, stable=GROWN)
    for profile, prompt in ((PROFILE, PROMPT), (MARKED, PROMPT), (MARKED, other), (PROFILE, other)):
        assert drafted(profile, asks(prompt)) == drafted(profile, asks(prompt), drafts=drafts)


BLOCKS = st.lists(
    st.builds(Block, st.sampled_from(["rules", "file"]), st.text(max_size=3), st.text(max_size=5)),
    max_size=4,
).map(tuple)


@given(BLOCKS, BLOCKS, st.text(max_size=5), st.booleans())
def test_base_and_frame_together_say_the_prompt(
    known: tuple[Block, ...], more: tuple[Block, ...], prefix: str, marked: bool
) -> None:
    """Whatever part of it is warm."""
    profile = MARKED if marked else PROFILE
    drafts = Drafts()
    warming = drafted(profile, Request(None, known), drafts=drafts)
    prompt = Prompt((*known, *more), "p", prefix, "")
    message = drafted(profile, asks(prompt), Base("base", known, "r0"), drafts)
    before = warming["input"] if "previous_response_id" in message else []

    assert prompt == read([*before, *message["input"]])


def test_only_who_holds_back_is_told_that_the_person_has_asked() -> None:
    request = asks(replace(PROMPT, invoked=True))

    assert {"spark_invoked": "true"} == drafted(replace(PROFILE, holds_back=True), request)[
        "metadata"
    ]
    assert "metadata" not in drafted(PROFILE, request)
    assert "metadata" not in drafted(replace(PROFILE, holds_back=True), asks(PROMPT))
