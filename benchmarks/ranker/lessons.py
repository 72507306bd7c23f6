"""What the ranker is shown: candidates as the engine describes them, and which of them came.

Owns the choice of places and of what is known there: with and without the text after the cursor, a
half-typed word, an instruction, several lines, libraries that the sources use, and a workspace of
few files, where little speaks for anything and is right nevertheless. What is told of a candidate
is the engine's own business.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from sysconfig import get_path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.measuring import sources_of
from spark_lsp.cli.evaluation.places import lines
from spark_lsp.cli.evaluation.sources import Source, by_path
from spark_lsp.engine.features import Candidates
from spark_lsp.engine.lexer import lex
from spark_lsp.engine.model import Engine
from spark_lsp.engine.scene import Scene
from spark_lsp.engine.vocabulary import BLANK, Change, code_of, newline_of
from spark_lsp.engine.vote import Ballot

_LEARNED: Final = 3_000_000
"""Characters of a distribution that are learned."""
_FOREIGN: Final = 3_000_000
"""Characters of all that it depends on, and of a single library at most a third of it."""
_SMALL: Final = 40_000
"""Characters of a small workspace, of which there is one lesson for every `_FEWER` others."""
_FEWER: Final = 6
_TOKENS: Final = 14
"""Tokens of a line that are asked for."""
_FURTHER: Final = 2
"""Lines after the first that are asked for where several are."""
_NAME: Final = re.compile(r"[A-Za-z_]\w*|\d[\w.]*")
_IMPORT: Final = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Predictions, one after the other.

    Attributes:
        features: of all candidates, those of one prediction together; shape (candidates, features).
        situations: of each prediction, shape (predictions, situation).
        came: which of its candidates came, -1 for none of them; shape (predictions,).
        sizes: how many candidates each has, shape (predictions,).
    """

    features: NDArray[np.float16]
    situations: NDArray[np.float32]
    came: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, told: Sequence[tuple[Candidates, int]]) -> "Lessons":
        """Return what was told of candidates, and which token came."""
        came = [np.flatnonzero(it.tokens == token) for it, token in told]
        return cls(
            np.concatenate([it.features.astype(np.float16) for it, _ in told]),
            np.array([it.situation for it, _ in told]),
            np.array([int(hit[0]) if hit.size else -1 for hit in came]),
            np.array([it.tokens.size for it, _ in told]),
        )

    @classmethod
    def together(cls, parts: Sequence["Lessons"]) -> "Lessons":
        """Return the lessons of all parts."""
        return cls(
            np.concatenate([it.features for it in parts]),
            np.concatenate([it.situations for it in parts]),
            np.concatenate([it.came for it in parts]),
            np.concatenate([it.sizes for it in parts]),
        )


def lessons(root: Path, libraries: Sequence[Path], most: int) -> Lessons:
    """Return what the engine makes of at most so many places in the sources below a directory."""
    sources = sources_of(root)
    learned = _within(sources, _LEARNED)
    engine = Engine()
    engine.learn({source.path: source.text.string for source in learned})
    engine.learn(_foreign(sources, libraries), foreign=True)
    few = _within(learned, _SMALL)
    beginner = Engine()
    beginner.learn({source.path: source.text.string for source in few})
    told = [*_in(learned, engine, most), *_in(few, beginner, most // _FEWER)]
    return Lessons.of(told)


def _in(sources: Sequence[Source], engine: Engine, most: int) -> Iterator[tuple[Candidates, int]]:
    """Yield what an engine makes of at most so many places in the sources."""
    known = by_path(sources)
    tasks = [task for task in lines(sources, most) if not task.blind]
    for number, task in enumerate(tasks):
        text = known[task.path].text
        yield from _told(
            engine, number, task.path, task.before(text), task.held(text) + task.after(text)
        )


def _told(
    engine: Engine, number: int, path: str, before: str, behind: str
) -> Iterator[tuple[Candidates, int]]:
    """Yield what is known of each token to come, and which it is, as long as it was ever read.

    The number of the place decides what is shown of its surroundings.
    """
    held, *after = behind.split("\n")
    held = held.rstrip()
    instruction = _said(number, held, before) if number % 8 == 5 else ""
    half = 1 + number // 4 % 2 if number % 4 == 1 else 0
    typed = held[:half] if re.match(r"\w{3}", held) else ""
    several = number % 5 == 3
    come, seen = (after[:_FURTHER], after[_FURTHER:]) if several else ([], after)
    suffix = "" if number % 3 == 2 else "\n" + "\n".join(seen)
    scene = engine.scene(path, before + typed, suffix, instruction=instruction)
    if scene.page.partial != "\n":
        yield from _followed(scene, held[len(typed) :], come, seen)


def _followed(
    scene: Scene, rest: str, come: Sequence[str], seen: Sequence[str]
) -> Iterator[tuple[Candidates, int]]:
    page, find = scene.page, scene.vocabulary.find
    ballot, written = Ballot(scene), list[int]()
    if page.partial:
        first = lex(page.partial + rest)[0]
        token = find(first)
        yield ballot.candidates(page.context, 0, page.partial), token
        if token < 0 or not first.startswith(page.partial):
            return
        written.append(token)
        rest = rest[len(first) - len(page.partial) :]
    for token in _tokens(scene, rest, [*come, *seen[:1]], whole=len(come)):
        yield ballot.candidates([*page.context, *written], len(written)), token
        if token < 0:
            return
        written.append(token)


def _tokens(scene: Scene, rest: str, below: Sequence[str], whole: int) -> Iterator[int]:
    """Yield the tokens of the line, of so many whole lines below it, and the newline after them."""
    indentation, find = scene.page.indentation, scene.vocabulary.find
    tokens = lex(rest)
    for number, line in enumerate(["", *below]):
        if number:
            yield _newline(scene, indentation, line)
            indentation = _indentation(line) if line.strip() else indentation
            tokens = lex(line.strip()) if number <= whole else []
        yield from map(find, tokens[:_TOKENS])
        if len(tokens) > _TOKENS:
            return


def _newline(scene: Scene, indentation: str, line: str) -> int:
    if not line.strip():
        return BLANK
    codes = np.array([code_of(_indentation(line))], np.int32)
    levels, spaces = scene.page.style.changes(codes, code_of(indentation))
    return newline_of(Change(int(levels[0]), int(spaces[0])))


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _said(number: int, held: str, before: str) -> str:
    """Return what a person might have said: some words that come, and some that do not."""
    words = [word for word in dict.fromkeys(_NAME.findall(held)) if len(word) > 1]
    others = _NAME.findall(before[-3000:])
    meant = [word for word in words if _drawn(number, word) < 0.5][:3]
    astray = [others[int(_drawn(number, at) * len(others))] for at in range(3) if others]
    return " ".join([*meant, *astray[: int(_drawn(number) * 4)]])


def _drawn(*of: object) -> float:
    """Return a number from 0 up to 1 that is the same on every machine."""
    return zlib.crc32(repr(of).encode()) / 2**32


def _within(sources: Sequence[Source], room: int) -> list[Source]:
    kept = []
    for source in sources:
        room -= len(source.text)
        if room < 0:
            break
        kept.append(source)
    return kept


def _foreign(sources: Sequence[Source], libraries: Sequence[Path]) -> Mapping[str, str]:
    """Return texts of what the sources depend on: libraries, and modules of Python's own."""
    found: dict[str, str] = {}
    for library in libraries:
        for source in _within(sources_of(library), _FOREIGN // 3):
            found[f"{library.name}/{source.path}"] = source.text.string
    imported = Counter(
        name
        for source in sources
        if source.language.name == "python"
        for name in set(_IMPORT.findall(source.text.string))
    )
    room = _FOREIGN - sum(map(len, found.values()))
    standard = Path(get_path("stdlib"))
    for name, _ in sorted(imported.items(), key=lambda it: (-it[1], it[0])):
        for path in (standard / f"{name}.py", *sorted(standard.glob(f"{name}/*.py"))):
            text = path.read_text("utf-8", "replace") if path.is_file() else ""
            if text and len(text) <= room:
                found[f"standard/{path.relative_to(standard).as_posix()}"] = text
                room -= len(text)
    return found
