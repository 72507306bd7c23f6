"""What the librarian says, without the process around it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spark_lsp.core.effects import Pack, Shelve
from spark_lsp.core.events import Outdated, Packed, Settled
from spark_lsp.server import indexing, messages
from spark_lsp.server.librarian import Librarian
from spark_lsp.server.messages import Answer, Private, Progress, Question, Touched, Watch
from tests.heard import PATIENCE, Heard

WINDOW = 32_000


class Said(Heard[Answer]):
    """A pipe whose other end remembers all that it gets."""

    def write(self, data: bytes) -> None:
        self(messages.answer(data))

    async def close(self) -> None:
        """Nothing: whoever opened it closes it."""


class Asking:
    """Someone who asks a librarian."""

    def __init__(self, said: Said) -> None:
        self.lines = asyncio.StreamReader()
        self.said = said

    def ask(self, question: Question) -> None:
        self.lines.feed_data(messages.spelled(question))

    async def packed(self, number: int, path: str, text: str) -> str:
        """Ask for what is to be shown; returns all of it."""
        self.ask(Pack(number, path, text, len(text), (), WINDOW))
        await self.said.until(lambda all_: any(_packed(it, number) for it in all_))
        (answer,) = (it for it in self.said.all if isinstance(it, Packed) and it.number == number)
        return "".join(block.text for block in answer.blocks or ())


def _packed(it: Answer, number: int) -> bool:
    return isinstance(it, Packed) and it.number == number


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(indexing, "_GATHER", 0.0)
    monkeypatch.setenv("SPARK_LSP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_text("from b import helper\n", "utf-8")
    (root / "b.py").write_text("def helper():\n    return 'inside of it'\n", "utf-8")
    return root


@asynccontextmanager
async def librarian(root: Path) -> AsyncIterator[Asking]:
    """Run a librarian that has indexed a workspace."""
    asking = Asking(Said())
    task = asyncio.create_task(Librarian(root, asking.said).run(asking.lines))
    try:
        await asking.said.until(lambda all_: Settled() in all_)
        yield asking
    finally:
        asking.lines.feed_eof()
        async with asyncio.timeout(PATIENCE):
            await task


async def test_progress_is_told_of_the_first_indexing_only(root: Path) -> None:
    """Of what comes later the end is not told, and a bar would stand there for ever."""
    async with librarian(root) as asking:
        for number in range(100):
            (root / f"m{number}.py").write_text(f"def f{number}(): ...\n", "utf-8")
        before = len(asking.said.all)
        asking.ask(Touched((str(root),)))
        await asking.said.until(
            lambda all_: 100 == sum(len(it.paths) for it in all_ if isinstance(it, Outdated))
        )
        await asking.packed(1, "a.py", "from b import helper\n")

    assert not [it for it in asking.said.all[before:] if isinstance(it, Progress)]


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("name", [".gitignore", "lib/.sparkignore"])
async def test_a_buffer_that_becomes_ignored_is_told_of(
    root: Path, name: str, *, watched: bool
) -> None:
    (root / "lib").mkdir()
    uri = (root / "lib" / "open.py").as_uri()
    async with librarian(root) as asking:
        if watched:
            asking.ask(Watch())
        asking.ask(Shelve(uri, "lib/open.py", "x = 1\n"))
        asking.ask(Shelve((root / "a.py").as_uri(), "a.py", "x = 1\n"))
        await asking.packed(1, "a.py", "x = 1\n")
        file = root / name
        while not (told := [it for it in asking.said.all if isinstance(it, Private)]):
            # When a watch has begun, nobody says: until then it is written again.
            file.write_text("open.py\n", "utf-8")
            if not watched:
                asking.ask(Touched((str(file),)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await asking.said.until(
                        lambda all_: any(isinstance(it, Private) for it in all_)
                    )

    assert {uri} == {it.uri for it in told}


async def test_what_becomes_ignored_is_not_shown_even_before_the_index_knows(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with librarian(root) as asking:
        text = "from b import helper\nhelper("
        assert "inside of it" in await asking.packed(1, "a.py", text)
        monkeypatch.setattr(indexing, "_GATHER", 3600.0)
        (root / ".gitignore").write_text("b.py\n", "utf-8")
        asking.ask(Touched((str(root / ".gitignore"),)))

        assert "inside of it" not in await asking.packed(2, "a.py", text)
