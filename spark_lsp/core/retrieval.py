"""Which parts of the workspace a model is likely to need at a place, each with its reason.

Owns the signals and their fusion. A signal is an ordered list; lists are fused by rank (reciprocal
rank fusion, Cormack et al. 2009), so that no signal's scale matters, and what is fused is weighed
against what it costs to show. Every list is bounded: hostile code must not make it slow. The
signals, strongest first:

- what the file imports: names that are not used yet, in the order of the imports, and names that
  are used, the nearest use first;
- definitions of other identifiers near the cursor, unless too many files define them;
- chunks and files that speak of the same words (`lexicon`), those near the cursor weighing most;
- what the person has looked at or changed lately;
- files of the same directory.

How much of it goes out is decided in `packing`.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from spark_lsp.core.index import Found
from spark_lsp.core.lexicon import Hit
from spark_lsp.core.library import Library
from spark_lsp.core.resolution import Target, resolve
from spark_lsp.core.symbols import Definition

_WORD = re.compile(r"[^\W\d]\w{2,}")
_LINES_BEFORE = 60
_LINES_AFTER = 10
_HALF = 8
"""Lines after which a word weighs half."""
_TERMS = 64
"""Words of a query."""
_WORDS = 300
"""Words of the open file, the nearest to the cursor, by which files are compared with it."""
_NEAR = 30
"""Lines around the cursor whose names are looked up."""
_ALL = 10_000_000
_MEMBERS = 40
"""Members of a definition that are shown with it."""
_LEAST = 40
"""Characters that the shortest signature costs."""
_AMBIGUOUS = 8
"""Files that may define a name before it says nothing."""
_NAMESAKES = 200
"""Definitions that a name may have before it says nothing."""
_MARKUP = frozenset({"element", "heading", "key", "rule"})
"""Kinds of definitions whose names are words, and not identifiers of a program."""
_REEXPORTS = 3
"""How often a name is followed through files that only pass it on."""
_DAMPING = 3
"""Added to each rank: larger, and the first places of a list weigh less."""
_DAMPING_FILES = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person is: an open file, its masked text, and the cursor in code points.

    Attributes:
        path: workspace-relative POSIX path.
        text: its text, or as much of it around the cursor as is known.
        offset: the cursor.
        recent: other paths that the person has looked at, the latest first.
    """

    path: str
    text: str
    offset: int
    recent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A definition that may be needed, and why."""

    path: str
    definition: Definition
    reason: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What may be needed at a place, each list best first.

    Attributes:
        definitions: to be shown by their signatures.
        files: to be shown whole, with reasons.
        chunks: to be shown as they are.
    """

    definitions: tuple[Wanted, ...]
    files: tuple[tuple[str, str], ...]
    chunks: tuple[Hit, ...]


@dataclass(slots=True)
class _Names:
    """The words around the cursor: how many lines away each occurs nearest."""

    distance: dict[str, int] = field(default_factory=dict)

    @classmethod
    def around(cls, place: Place, before: int = _ALL, after: int = _ALL) -> "_Names":
        """Return the words of at most so many lines before and after the cursor's."""
        names = cls()
        above = place.text[: place.offset].rsplit("\n", before + 1)[-before - 1 :]
        for away, line in enumerate(reversed(above)):
            for word in _WORD.findall(line):
                names.distance.setdefault(word, away)
        for away, line in enumerate(place.text[place.offset :].split("\n", after + 1)[: after + 1]):
            for word in _WORD.findall(line):
                names.distance[word] = min(away, names.distance.get(word, away))
        return names

    def away(self, wanted: "Wanted") -> int:
        """Return how many lines away the name of a definition occurs nearest."""
        return self.distance.get(wanted.definition.name, _ALL)

    def near(self, most: int) -> list[str]:
        """Return the words at most so many lines away, the nearest first."""
        found = [(away, word) for word, away in self.distance.items() if away <= most]
        return [word for _, word in sorted(found)]


def gather(library: Library, place: Place, most: int) -> Gathered:
    """Return what may be needed at a place; at most so many chunks."""
    names = _Names.around(place)
    imports = _Imports.of(library, place, names)
    near = list(_near(library, place, names))
    hits = nearby(library, place, most)
    words = dict.fromkeys(names.near(_ALL)[:_WORDS], 1.0)
    ranked = library.lexicon.files(words, without=place.path)
    definitions = _fused(
        library,
        (1.0, imports.unused),
        (1.0, imports.used),
        (0.3, imports.qualified),
        (0.3, near),
        (0.1, list(_defined_in(library, hits))),
    )
    # A file is told with the reason of the first list that it is in.
    files = _fused_files(
        (0.5, [(path, "imported here") for path in imports.paths]),
        (0.5, [(path, "looked at lately") for path in place.recent]),
        (0.2, [(it.path, f"defines {it.definition.name}, which stands nearby") for it in near]),
        (1.0, [(path, "speaks of the same words") for path in _dense(library, ranked)]),
        (0.1, [(path, "of the same directory") for path in _neighbours(library, place)]),
    )
    return Gathered(definitions, files, tuple(hits))


def nearby(library: Library, place: Place, most: int) -> list[Hit]:
    """Return the chunks that speak of the words near the cursor, at most so many, best first."""
    near = _Names.around(place, _LINES_BEFORE, _LINES_AFTER)
    query = {word: 0.5 ** (away / _HALF) for word, away in near.distance.items()}
    for target in _targets(library, place):
        for name in target.names:
            query[name] = query.get(name, 0.0) + 1.0
    heaviest = sorted(query, key=lambda word: (-query[word], word))[:_TERMS]
    return library.lexicon.search({word: query[word] for word in heaviest}, most, place.path)


def _dense(library: Library, ranked: Iterable[tuple[str, float]]) -> list[str]:
    """Return files by what they say of the words for what they cost."""
    worth = {path: score / (library.size(path) or 1) ** 0.25 for path, score in ranked}
    return sorted(worth, key=lambda path: (-round(worth[path], 9), path))


@dataclass(slots=True)
class _Imports:
    """What the imports of the open file lead to, each list the surest first.

    Attributes:
        paths: the files, in the order of the imports.
        unused: definitions whose names the file does not use yet.
        used: definitions whose names it uses, the nearest use first.
        qualified: what imported modules define, the nearest use first.
    """

    paths: dict[str, None] = field(default_factory=dict)
    unused: list[Wanted] = field(default_factory=list)
    used: list[Wanted] = field(default_factory=list)
    qualified: list[Wanted] = field(default_factory=list)

    @classmethod
    def of(cls, library: Library, place: Place, names: _Names) -> "_Imports":
        symbols = library.index.symbols(place.path)
        body = _without(place.text, symbols.imports if symbols else ())
        found = cls()
        trail = _Trail(library)
        for target in _targets(library, place):
            found.paths.setdefault(target.path)
            if target.names in {(), ("*",)}:
                found.qualified += _public(library, target.path)
                continue
            for name in target.names:
                if wanted := trail.follow(target.path, name):
                    found.paths.setdefault(wanted.path)
                    (found.used if name in body else found.unused).append(wanted)
        found.used.sort(key=names.away)
        found.qualified.sort(key=names.away)
        return found


def _targets(library: Library, place: Place) -> Iterator[Target]:
    symbols = library.index.symbols(place.path)
    for statement in symbols.imports if symbols else ():
        yield from resolve(
            place.path, symbols.language if symbols else "", statement, library.files
        )


def _without(text: str, imports: Iterable[str]) -> set[str]:
    """Return the words of a text that stand anywhere but in its imports."""
    words = Counter(_WORD.findall(text))
    for statement in imports:
        words.subtract(_WORD.findall(statement))
    return {word for word, times in words.items() if times > 0}


class _Trail:
    """The way from names that are imported to what they stand for."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._first: dict[str, dict[str, Definition]] = {}

    def follow(self, path: str, name: str) -> Wanted | None:
        """Return what a name of a file stands for, also if the file itself has imported it."""
        return self._follow(path, name, _REEXPORTS, set())

    def _follow(
        self, path: str, name: str, depth: int, tried: set[tuple[str, int]]
    ) -> Wanted | None:
        symbols = self._library.index.symbols(path)
        # Files that import all of each other would be gone through again and again.
        if symbols is None or (path, depth) in tried:
            return None
        tried.add((path, depth))
        if path not in self._first:
            self._first[path] = {it.name: it for it in reversed(symbols.definitions)}
        if found := self._first[path].get(name):
            return Wanted(path, found, f"{name} is imported")
        if not depth:
            return None
        for statement in symbols.imports:
            if name not in statement and "*" not in statement:
                continue
            for target in resolve(path, symbols.language, statement, self._library.files):
                passes = name in target.names or "*" in target.names
                if passes and (wanted := self._follow(target.path, name, depth - 1, tried)):
                    return wanted
        return None


def _public(library: Library, path: str) -> Iterator[Wanted]:
    """Yield what a file defines for others, outermost definitions only."""
    symbols = library.index.symbols(path)
    end = -1
    for definition in symbols.definitions if symbols else ():
        if definition.start_line > end and not definition.name.startswith("_"):
            yield Wanted(path, definition, f"{_stem(path)} is imported")
        end = max(end, definition.end_line)


def _near(library: Library, place: Place, names: _Names) -> Iterator[Wanted]:
    """Yield definitions of the identifiers near the cursor, of the nearest first."""
    found: dict[str, list[Found]] = {name: [] for name in names.near(_NEAR)}
    for it in library.index.definitions(found):
        if it.path != place.path and it.definition.kind not in _MARKUP:
            found[it.definition.name].append(it)
    for name, elsewhere in found.items():
        files = {it.path for it in elsewhere}
        if len(elsewhere) <= _NAMESAKES and len(files) <= _AMBIGUOUS:
            for it in elsewhere:
                yield Wanted(it.path, it.definition, f"{name} stands nearby")


def _defined_in(library: Library, hits: Iterable[Hit]) -> Iterator[Wanted]:
    """Yield the definitions that begin in chunks."""
    for hit in hits:
        symbols = library.index.symbols(hit.path)
        for definition in symbols.definitions if symbols else ():
            if hit.start_line <= definition.start_line <= hit.end_line:
                yield Wanted(hit.path, definition, "speaks of the same words")


def _neighbours(library: Library, place: Place) -> list[str]:
    folder = place.path.rpartition("/")[0]
    return [path for path in library.neighbours(folder) if path != place.path]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def members(library: Library, wanted: Wanted) -> list[Definition]:
    """Return a definition and what stands inside of it, as far as a reader wants to see it."""
    symbols = library.index.symbols(wanted.path)
    definitions = symbols.definitions if symbols else ()
    outer = wanted.definition
    first = bisect_left(definitions, outer.start_line, key=lambda it: it.start_line)
    found: list[Definition] = []
    for at in range(first, len(definitions)):
        it = definitions[at]
        if it.start_line > outer.end_line or len(found) == _MEMBERS:
            break
        if it.end_line <= outer.end_line:
            found.append(it)
    return found or [outer]


def _fused(library: Library, *lists: tuple[float, Sequence[Wanted]]) -> tuple[Wanted, ...]:
    """Return definitions by what all lists say of them, for what their signatures cost."""
    scores: dict[tuple[str, Definition], float] = {}
    first: dict[tuple[str, Definition], Wanted] = {}
    for weight, wanted in lists:
        unique: dict[tuple[str, Definition], Wanted] = {}
        for it in wanted:
            unique.setdefault((it.path, it.definition), it)
        for rank, (key, it) in enumerate(unique.items()):
            first.setdefault(key, it)
            scores[key] = scores.get(key, 0.0) + weight / (_DAMPING + rank)
    for key, it in first.items():
        cost = sum(len(member.signature) for member in members(library, it))
        scores[key] /= (cost + _LEAST) ** 0.5
    order = sorted(scores, key=lambda key: (-round(scores[key], 9), key[0], key[1].start_line))
    return tuple(first[key] for key in order)


def _fused_files(*lists: tuple[float, Sequence[tuple[str, str]]]) -> tuple[tuple[str, str], ...]:
    scores: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for weight, paths in lists:
        rank = 0
        seen: set[str] = set()
        for path, reason in paths:
            if path not in seen:
                seen.add(path)
                scores[path] = scores.get(path, 0.0) + weight / (_DAMPING_FILES + rank)
                reasons.setdefault(path, reason)
                rank += 1
    order = sorted(scores, key=lambda path: (-round(scores[path], 9), path))
    return tuple((path, reasons[path]) for path in order)
