"""Which packages of others a source imports, read off its lines.

Owns one pattern per language. Nothing is parsed: a name in a comment counts too, and does no harm,
for it has to be found installed. No pattern looks at a character more than a few times.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from spark_lsp.core.resolution.words import listed

C, GO, NODE, PYTHON, RUST = "c", "go", "node", "python", "rust"


class Import(NamedTuple):
    """What a source asks for: the ecosystem, and the name of a package, or a header's path in C."""

    ecosystem: str
    name: str


def imported(language: str, text: str) -> frozenset[Import]:
    """Return what a text imports that may be a package of others, by our name of its language."""
    reader = _READERS.get(language)
    if reader is None:
        return frozenset()
    ecosystem, names = reader
    return frozenset(Import(ecosystem, name) for name in names(text))


def ranked(sources: Iterable[Iterable[Import]]) -> list[Import]:
    """Return what sources import: what most of them do comes first, then by name."""
    counts = Counter(it for source in sources for it in source)
    return sorted(counts, key=lambda it: (-counts[it], it))


_PYTHON = re.compile(
    r"^[ \t]*+(?:from[ \t]++(\w++)[\w.]*+[ \t]++import\b|import[ \t]++(\w[^\n#;]*+))", re.MULTILINE
)
_NODE = re.compile(
    r"\b(?:from|import|require)\b\s{0,40}(?:\(\s{0,40})?(?:\"([^\"\n]{1,200})\"|'([^'\n]{1,200})')"
)
_NODE_NAME = re.compile(r"(?:@\w[\w.-]*/)?\w[\w.-]*")
_GO = re.compile(r'^[ \t]*+(?:import[ \t]++)?(?:[\w.]++[ \t]++)?"([\w./~-]++)"', re.MULTILINE)
_RUST = re.compile(
    r"^[ \t]*+(?:pub(?:\([^)\n]{0,100}\))?[ \t]++)?(?:use|extern[ \t]++crate)[ \t]++(?:::)?(\w++)",
    re.MULTILINE,
)
_C = re.compile(r"^[ \t]*+#[ \t]*+include(?:_next)?[ \t]*+<([^>\n]{1,200})>", re.MULTILINE)

_GO_HEAD = 20_000
"""Characters of a Go file among which its imports stand: they come before all else."""

_NODE_OWN = listed(
    """assert buffer child_process cluster crypto dgram dns events fs http http2 https net os path
    perf_hooks process querystring readline stream timers tls url util v8 vm worker_threads
    zlib"""
)
"""Modules of Node itself; what declares them is the package `@types/node`."""


def _python(text: str) -> Iterator[str]:
    for match in _PYTHON.finditer(text):
        if match[1]:
            yield match[1]
            continue
        for part in match[2].split(","):
            name = part.split(maxsplit=1)[:1]
            if name and (top := name[0].partition(".")[0]).isidentifier():
                yield top


def _node(text: str) -> Iterator[str]:
    for match in _NODE.finditer(text):
        spelled = match[1] or match[2]
        if spelled.startswith("node:"):
            yield "node"
        elif ":" not in spelled and (name := _NODE_NAME.match(spelled)):
            yield "node" if name[0] in _NODE_OWN else name[0]


def _go(text: str) -> Iterator[str]:
    for path in _GO.findall(text[:_GO_HEAD]):
        first, *rest = path.split("/")
        # What has no host in front comes with the language.
        if "." in first.strip(".") and {"", ".", ".."}.isdisjoint((first, *rest)):
            yield path


def _rust(text: str) -> Iterator[str]:
    yield from _RUST.findall(text)


def _c(text: str) -> Iterator[str]:
    yield from _C.findall(text)


_Reader: TypeAlias = tuple[str, Callable[[str], Iterator[str]]]

_NODE_READER: _Reader = (NODE, _node)
_READERS: dict[str, _Reader] = {
    "c": (C, _c),
    "cpp": (C, _c),
    "go": (GO, _go),
    "python": (PYTHON, _python),
    "rust": (RUST, _rust),
    "javascript": _NODE_READER,
    "tsx": _NODE_READER,
    "typescript": _NODE_READER,
}
