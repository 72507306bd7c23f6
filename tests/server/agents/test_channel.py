"""A process that speaks lines, and somebody in the foreground who goes first."""

import asyncio
import json
import os
import sys
from pathlib import Path

from spark_lsp.server.agents.channel import Channel
from spark_lsp.server.precedence import Precedence
from spark_lsp.wire.appserver import calls, told
from tests.heard import Heard

NEWS = {"method": "item/agentMessage/delta", "params": {"threadId": "t", "delta": "word"}}
TALKATIVE = f"""
import json, sys
for line in sys.stdin:
    for _ in range(4000):
        print({json.dumps(NEWS)!r})
    print(json.dumps({{"id": json.loads(line)["id"], "result": {{}}}}), flush=True)
"""


class Typing(Precedence):
    """Somebody who never stops; those in the background wait as long as they are let."""

    def __init__(self, *, for_ever: bool = False) -> None:
        super().__init__(asyncio.get_running_loop().time)
        self.for_ever = for_ever
        self.stood = 0
        self.stands = asyncio.Event()
        self.goes_on = asyncio.Event()

    @property
    def waits(self) -> float:
        return 1.0 if self.for_ever or not self.goes_on.is_set() else 0.0

    async def stand_back(self) -> None:
        self.stood += 1
        self.stands.set()
        await self.goes_on.wait()


async def opened(typing: Typing, heard: Heard[told.Message]) -> Channel:
    command = [sys.executable, "-c", TALKATIVE]
    ended = asyncio.Event()
    return await Channel.open(
        command, Path.cwd(), dict(os.environ), heard, ended.set, precedence=typing
    )


async def test_what_an_agent_says_waits_for_who_types_and_comes_whole() -> None:
    typing, heard = Typing(), Heard[told.Message]()
    channel = await opened(typing, heard)
    call = asyncio.ensure_future(channel.call(calls.TurnInterrupt(thread_id="t", turn_id="u"), 20))
    async with asyncio.timeout(20):
        await typing.stands.wait()
    assert [] == heard.all
    typing.goes_on.set()
    await call
    await channel.close()

    assert 4000 == len(heard.all)


async def test_an_agent_that_is_not_wanted_any_more_ends_while_somebody_types() -> None:
    typing, heard = Typing(for_ever=True), Heard[told.Message]()
    channel = await opened(typing, heard)
    call = asyncio.ensure_future(channel.call(calls.TurnInterrupt(thread_id="t", turn_id="u"), 20))
    async with asyncio.timeout(20):
        await typing.stands.wait()
        closing = asyncio.ensure_future(channel.close())
        await asyncio.wait([closing], timeout=0)
        typing.goes_on.set()  # a second is over
        await closing
    await asyncio.wait([call])

    assert 1 == typing.stood
