"""What the librarian says, without the process around it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spark_lsp.core.effects import Foresee, Pack, Shelve
from spark_lsp.core.events import Foreseen, Outdated, Packed, Settled
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

    async def foreseen(self, path: str, before: str, text: str) -> dict[str, list[str]]:
        """Ask what follows from a change; returns, by path, what is to stand at which line."""
        number = sum(isinstance(it, Foreseen) for it in self.said.all)
        self.ask(Foresee(number, path, before, text, 0))
        await self.said.until(lambda all_: any(_foreseen(it, number) for it in all_))
        (answer,) = (it for it in self.said.all if isinstance(it, Foreseen) and it.number == number)
        found: dict[str, list[str]] = {}
        for it in answer.found:
            found.setdefault(it.path, []).append(f"{it.line + 1}: {it.lead}{it.new}")
        return found


def _foreseen(it: Answer, number: int) -> bool:
    return isinstance(it, Foreseen) and it.number == number


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


HELPER = "def helper():\n    return 'inside of it'\n"
RENAMED = HELPER.replace("helper", "assistant")


async def test_a_rename_is_followed_into_files_and_buffers(root: Path) -> None:
    (root / "package").mkdir()
    (root / "package" / "c.py").write_text("import b\n\nb.helper()\n", "utf-8")
    (root / "d.py").write_text("def helper(): ...\n", "utf-8")
    async with librarian(root) as asking:
        # What is open is looked at as it is, and not as it has been written down.
        open_now = "x = 1\nfrom b import helper\nhelper()\n"
        asking.ask(Shelve((root / "a.py").as_uri(), "a.py", open_now))
        await asking.packed(1, "a.py", open_now)
        found = await asking.foreseen("b.py", HELPER, RENAMED)

    assert {
        "a.py": ["2: from b import assistant", "3: assistant"],
        "package/c.py": ["3: b.assistant"],
    } == found


async def test_a_rename_goes_from_a_use_to_the_definition(root: Path) -> None:
    before = "from b import helper\n\nhelper()\n"
    async with librarian(root) as asking:
        found = await asking.foreseen("a.py", before, before.replace("\nhelper", "\nassistant"))

    assert {"a.py": ["1: from b import assistant"], "b.py": ["1: def assistant"]} == found


async def test_edits_reach_no_file_that_is_ignored_or_outside(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = "from b import helper\n"
    (root.parent / "e.py").write_text(outside, "utf-8")
    async with librarian(root) as asking:
        asking.ask(Shelve((root.parent / "e.py").as_uri(), "../e.py", outside))
        await asking.packed(1, "../e.py", outside)
        assert ["a.py"] == list(await asking.foreseen("b.py", HELPER, RENAMED))
        monkeypatch.setattr(indexing, "_GATHER", 3600.0)
        (root / ".gitignore").write_text("a.py\n", "utf-8")
        asking.ask(Touched((str(root / ".gitignore"),)))

        assert {} == await asking.foreseen("b.py", HELPER, RENAMED)


async def test_no_edit_touches_a_secret_or_spreads_one(root: Path) -> None:
    """The changed call has one for an argument, and the other calls have to follow the function."""
    secret = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    before = f"""\
def login(name, token):
    return token


login("me", "{secret}")
login("you", None)
"""
    after = before.replace("name, token", "token, name")
    async with librarian(root) as asking:
        found = await asking.foreseen("f.py", before, after)

    assert {"f.py": ['6: login(None, "you"']} == found


async def test_a_text_that_is_no_code_has_nothing_that_follows(root: Path) -> None:
    async with librarian(root) as asking:
        assert {} == await asking.foreseen("notes.unknown", "helper helper", "assistant helper")
