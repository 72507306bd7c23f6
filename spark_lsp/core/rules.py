"""Which AGENTS.md files speak to a document, and in what order.

Owns the rules by which such files are found, truncated and told; they are those of Codex
(responses-protocol.md, section 3), from the document's directory instead of the working directory:
from the workspace's root down, in each directory the first that exists of `AGENTS.override.md` and
`AGENTS.md`. An empty override still hides its neighbour. Reading the files is left to the server.
"""

from collections.abc import Iterator, Mapping

from spark_lsp.core.prompt import Block
from spark_lsp.core.text import Text

NAMES = ("AGENTS.override.md", "AGENTS.md")
"""File names, the one that goes before the other first."""
LIMIT = 32_768
"""Bytes of all instructions of a workspace together; the global ones do not count."""
GLOBAL = ""
"""The path under which the person's own instructions are kept, which hold everywhere."""


def is_rules(path: str) -> bool:
    """Whether a file of this path holds instructions."""
    return path.rpartition("/")[2] in NAMES


def homes(rules: Mapping[str, str]) -> frozenset[str]:
    """Return the directories that have instructions of their own."""
    return frozenset(path.rpartition("/")[0] for path in rules if path != GLOBAL)


def speaking(rules: Mapping[str, str], path: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of the instructions for a document, the most general first.

    `rules` are all texts by their paths. The text that crosses the limit is cut, at a character;
    what comes after it is left out.
    """
    if text := rules.get(GLOBAL):
        yield GLOBAL, text
    room = LIMIT
    for folder in _folders(path):
        for name in NAMES:
            found = f"{folder}/{name}" if folder else name
            if found not in rules:
                continue
            encoded = rules[found].encode("utf-8", "replace")
            if room and encoded.strip():
                yield found, encoded[:room].decode("utf-8", "ignore")
                room = max(0, room - len(encoded))
            break


def truncated(rules: Mapping[str, str], path: str) -> bool:
    """Whether some of the instructions for a document are left out for their length."""
    whole = {found: text for found, text in rules.items() if found != GLOBAL}
    told = dict(speaking(whole, path))
    folders = set(_folders(path))
    return any(
        text.strip() and told.get(found) != text
        for found, text in whole.items()
        if found.rpartition("/")[0] in folders and not _hidden(whole, found)
    )


def blocks(rules: Mapping[str, str], path: str) -> list[Block]:
    """Return the instructions for a document as blocks, without their tokens."""
    return [
        Block(
            "rules",
            found,
            text,
            "your own instructions" if found == GLOBAL else "instructions of the repository",
            0,
            Text(text).line_count - 1,
        )
        for found, text in speaking(rules, path)
    ]


def _hidden(rules: Mapping[str, str], path: str) -> bool:
    folder, slash, name = path.rpartition("/")
    return name == NAMES[1] and f"{folder}{slash}{NAMES[0]}" in rules


def _folders(path: str) -> Iterator[str]:
    """Yield the directories on the way from the root to a file; outside of it, none."""
    if path.startswith("../") or "://" in path:
        return
    yield ""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)
