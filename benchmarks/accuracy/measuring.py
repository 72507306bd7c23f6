"""What the engine makes of one distribution: all of it learned, pieces of it held out.

Owns the examination. Which pieces are held out, what counts as right and what editors do without a
model is that of `spark-lsp eval`, so that there is one definition of each. Unlike there the engine
is asked in this process, which is ten times faster: rules of the session, which keep it quiet at
some places, and the syntax guard have no say. What it learns is what the backend has it learn; the
learned copy of the file that is asked about has no say either.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.accuracy.ranking import ranked
from spark_lsp.cli.evaluation.asking import Typed
from spark_lsp.cli.evaluation.baselines import BASELINES, saved
from spark_lsp.cli.evaluation.places import holes, lines
from spark_lsp.cli.evaluation.scores import Answered
from spark_lsp.cli.evaluation.sources import NOT_CODE, Source, Task, by_path
from spark_lsp.core import languages
from spark_lsp.core.symbols import FileSymbols
from spark_lsp.core.text import Text
from spark_lsp.engine.lexer import lex, unify_newlines
from spark_lsp.engine.model import INVOKED, Engine, Gate
from spark_lsp.server import walk
from spark_lsp.server.teacher import Teacher

ENGINE: Final = "engine"
"""The name of the engine among those who type; the others are `BASELINES`."""


@dataclass(slots=True)
class Measured:
    """What came of one distribution, or of the tasks of one language.

    Attributes:
        tokens: learned.
        answers: to the tasks, with and without what follows the cursor.
        ranks: by task with it, the place of the true next token among what the engine holds
            possible, from one, or None if it is not among that.
        typed: what typing has come to, by who was of help.
    """

    tokens: int = 0
    answers: list[Answered] = field(default_factory=list)
    ranks: list[int | None] = field(default_factory=list)
    typed: defaultdict[str, Typed] = field(default_factory=lambda: defaultdict(Typed))

    def add(self, other: "Measured") -> None:
        """Take in what came of others."""
        self.tokens += other.tokens
        self.answers += other.answers
        self.ranks += other.ranks
        for name, typed in other.typed.items():
            self.typed[name].characters += typed.characters
            self.typed[name].saved += typed.saved


class Ghost:
    """Offers what the engine shows unasked, up to the end of the first line with text.

    As in an editor, an offer stays while it is typed along, and a new one is asked for when it is
    over or nothing is offered.
    """

    def __init__(self, engine: Engine, path: str, before: str, after: str) -> None:
        """Take the file, and what stands in it before and behind the cursor."""
        self._engine = engine
        self._path = path
        self._before = before
        self._after = after
        self._offered: str | None = None

    def offer(self) -> str:
        """Return what comes next, or ""."""
        if self._offered is None:
            said, _ = _said(self._engine, self._path, self._before, self._after)
            self._offered = said
        return self._offered

    def key(self, char: str) -> None:
        """Take in a character that was typed at the cursor."""
        self._before += char
        along = self._offered is not None and self._offered.startswith(char)
        self._offered = (self._offered or "")[1:] or None if along else None


def measured(root: Path, most: int, files: int) -> dict[str, Measured]:
    """Return what came of a distribution by language, and of its tokens under "".

    At most so many lines are held out, and at most so many files typed in.
    """
    found: defaultdict[str, Measured] = defaultdict(Measured)
    engine = Engine()
    # What is installed here is not what is installed elsewhere.
    Teacher(engine, root, foreign=0).learn(root)
    found[""].tokens = engine.tokens
    sources = sources_of(root)
    known = by_path(sources)
    # One file after another, for what is known of a file is kept while it is asked about.
    for task in sorted(lines(sources, most), key=lambda task: task.path):
        it = found[task.language]
        text = known[task.path].text
        it.answers.append(_answered(engine, task, text))
        if not task.blind:
            it.ranks.append(_rank(engine, task, text))
    for source, cut in holes(sources, files):
        typed = found[source.language.name].typed
        rivals = {name: make(cut.before, cut.after) for name, make in BASELINES.items()}
        ghost = Ghost(engine, source.path, cut.before, cut.after)
        for name, who in {ENGINE: ghost, **rivals}.items():
            typed[name].characters += len(cut.missing)
            typed[name].saved += saved(who, cut.missing)
    return dict(found)


def sources_of(root: Path) -> list[Source]:
    """Return the files of code below a directory, in the order of a walk."""
    sources = []
    for entry in walk.walk(root):
        language = languages.by_path(entry.path)
        if language is None or language.name in NOT_CODE:
            continue
        if (string := walk.read(root, entry.path)) is not None:
            text = Text(unify_newlines(string))
            # Lines are chosen without knowing what a file defines.
            nothing = FileSymbols(language.name, text.line_count, (), ())
            sources.append(Source(entry.path, language, text, nothing))
    return sources


def _answered(engine: Engine, task: Task, text: Text) -> Answered:
    place = task.path, task.before(text), task.after(text)
    shown, _ = _said(engine, *place)
    said, confidence = _said(engine, *place, gate=INVOKED)
    told = task.kind, task.language, task.duplicated, task.held(text)
    return Answered(*told, shown, said, confidence)


def _said(
    engine: Engine, path: str, before: str, after: str, *, gate: Gate | None = None
) -> tuple[str, float | None]:
    """Return an answer up to the end of its first line with text, and how sure the engine is."""
    said, confidence = "", None
    for piece in engine.complete(path, before, after, gate=gate):
        if said.strip() and "\n" in piece.text:
            break
        said += piece.text
        confidence = piece.probability
    return said, confidence


def _rank(engine: Engine, task: Task, text: Text) -> int | None:
    true = lex(task.held(text))[0]
    tokens = ranked(engine, task.path, task.before(text), task.after(text))
    return tokens.index(true) + 1 if true in tokens else None
