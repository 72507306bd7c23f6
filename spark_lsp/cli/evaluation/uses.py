"""Where files use names that other files define: what only knowledge of a repository can complete.

Owns what counts as such a use, by names alone. A name counts that is defined at the top of another
file and nowhere in this one; not a short one, and not one that many files define, because nobody
can say which of them is meant. Where a name of another file must be imported it must stand in an
import, or behind the dot of something that does.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from spark_lsp.cli.evaluation.sources import Source, Task
from spark_lsp.core.symbols import Definition

_SHORTEST: Final = 4
"""Characters of a name that says something."""
_AMBIGUOUS: Final = 3
"""Files that define a name, at most."""
_NAME: Final = re.compile(r"[^\W\d]\w*")
_GIVEN: Final = re.compile(r"\s*(?::=|=(?![=>]))")
"""What stands behind a name that is given something here: another thing of the same name."""
_IMPORTING: Final = frozenset({"javascript", "python", "tsx", "typescript"})
"""Languages in which nothing of another file is known by its bare name without an import."""
_RECEIVER: Final = re.compile(r"(\w+)\s*\??\.\s*\Z")
_FENCE: Final = re.compile(r'"""|\'\'\'')


def uses(sources: Sequence[Source]) -> tuple[list[Task], list[Task]]:
    """Return tasks at the first use of a name in its file, and at later ones.

    What is held out is the rest of the line from the name on. Import lines do not count as uses.
    There is one task for each line and at most one first use of each name in a file.
    """
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for source in sources:
        for definition in _outermost(source.symbols.definitions):
            if len(definition.name) >= _SHORTEST:
                homes[definition.name].add(source.path)
    first: list[Task] = []
    later: list[Task] = []
    for source in sources:
        for task in _uses(source, homes):
            (first if task.kind == "first_use" else later).append(task)
    return first, later


def _uses(source: Source, homes: Mapping[str, set[str]]) -> Iterator[Task]:
    own = {definition.name for definition in source.symbols.definitions}
    imported = frozenset(_NAME.findall("\n".join(source.symbols.imports)))
    bare = imported if source.language.name in _IMPORTING else None
    above: set[str] = set()
    for row in _code(source):
        line = source.lines[row]
        for match in _NAME.finditer(line):
            name = match[0]
            if name in own or not 0 < len(homes.get(name, ())) <= _AMBIGUOUS:
                continue
            if source.is_worth(row) and _is_use(line, match, imported, bare):
                start = source.text.line_start(row)
                yield Task(
                    "later_use" if name in above else "first_use",
                    source.path,
                    source.language.name,
                    start + match.start(),
                    start + len(line),
                )
                break
        above.update(_NAME.findall(line))


def _is_use(
    line: str, match: re.Match[str], imported: Container[str], bare: Container[str] | None
) -> bool:
    """Whether a name is likely to be the one of the other file.

    It is not if it stands in a string or is given something here, if it is an attribute of anything
    but what is imported, or if it is none of the `bare` names that are known here, if those can be
    told.
    """
    before = line[: match.start()]
    if any(before.count(quote) % 2 for quote in "\"'`") or _GIVEN.match(line, match.end()):
        return False
    if before.rstrip().endswith("."):
        receiver = _RECEIVER.search(before)
        return receiver is not None and receiver[1] in imported
    return bare is None or match[0] in bare


def _code(source: Source) -> Iterator[int]:
    """Yield the lines that are not part of an import, nor, in Python, of a text of several."""
    inside = False
    for row, line in enumerate(source.lines):
        fences = len(_FENCE.findall(line)) if source.language.name == "python" else 0
        if row not in source.imports and not inside and not fences:
            yield row
        inside ^= bool(fences % 2)


def _outermost(definitions: Iterable[Definition]) -> Iterator[Definition]:
    """Yield the definitions that stand inside of none but modules and namespaces."""
    end = -1
    for definition in definitions:
        if definition.start_line <= end:
            continue
        if definition.kind != "module":
            end = definition.end_line
        yield definition
