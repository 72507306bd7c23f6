"""Open buffers are parsed away from the loop, whatever is in them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from spark_lsp.core.events import Digest, Digested, Event
from spark_lsp.server import digester as module
from spark_lsp.server.digester import Digester

PATIENCE = 20.0


@asynccontextmanager
async def digesting() -> AsyncIterator[tuple[Digester, asyncio.Queue[Digested]]]:
    """Run a digester; what it tells arrives in a queue."""
    heard: asyncio.Queue[Digested] = asyncio.Queue()

    def feed(event: Event) -> None:
        assert isinstance(event, Digested)
        heard.put_nowait(event)

    digester = Digester(feed)
    task = asyncio.create_task(digester.run())
    try:
        yield digester, heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    assert digester._process is None


async def names(heard: asyncio.Queue[Digested]) -> list[str] | None:
    """Wait for the next answer; the names that it defines."""
    async with asyncio.timeout(PATIENCE):
        event = await heard.get()
    return [it.name for it in event.symbols.definitions] if event.symbols else None


async def test_what_a_buffer_defines_is_told() -> None:
    async with digesting() as (digester, heard):
        digester.digest(Digest("u", 1, "python", "def first(): ...\n"))

        assert await names(heard) == ["first"]


async def test_of_texts_that_wait_only_the_newest_is_parsed() -> None:
    async with digesting() as (digester, heard):
        for number in range(5):
            digester.digest(Digest("u", number, "python", f"def f{number}(): ...\n"))

        assert await names(heard) == ["f4"]
        assert heard.empty()


async def test_a_lone_surrogate_and_an_unknown_language_harm_nothing() -> None:
    async with digesting() as (digester, heard):
        digester.digest(Digest("u", 1, "python", "x = '\ud83d'\ndef f(): ...\n"))
        assert await names(heard) == ["x", "f"]
        digester.digest(Digest("v", 1, "klingon", "x"))
        assert await names(heard) is None


async def test_a_parser_that_dies_costs_one_buffer_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with digesting() as (digester, heard):
        digester.digest(Digest("u", 1, "python", "def f(): ...\n"))
        await names(heard)
        monkeypatch.setattr(module, "_PATIENCE", 0.0)
        digester.digest(Digest("u", 2, "python", "def g(): ...\n"))
        assert await names(heard) is None
        monkeypatch.setattr(module, "_PATIENCE", PATIENCE)
        digester.digest(Digest("v", 1, "python", "def h(): ...\n"))
        assert await names(heard) == ["h"]
        digester.digest(Digest("u", 3, "python", "def g(): ...\n"))
        assert await names(heard) is None
