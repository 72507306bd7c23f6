"""How a task's conversation begins: with the rules of the repository, as they lie in its place.

Owns the finding of these, within what they may take up. How they are told is left to
`core.tasks.briefing`.
"""

import asyncio
from pathlib import Path

from spark_lsp.core import rules
from spark_lsp.core.tasks import briefing
from spark_lsp.core.tasks.agent import Start
from spark_lsp.server import walk


async def opening(folder: Path) -> Start:
    """Return what begins a conversation about a workspace."""
    return Start(briefing.instructions(await asyncio.to_thread(_rules, folder)))


def _rules(folder: Path) -> dict[str, str]:
    """Return the texts of the rules in a workspace, by path; those nearest to its root first."""
    found: dict[str, str] = {}
    room = rules.LIMIT
    paths = [it.path for it in walk.walk(folder) if rules.is_rules(it.path)]
    for path in sorted(paths, key=lambda it: (it.count("/"), it)):
        text = walk.read(folder, path)
        if text and len(text) <= room:
            found[path] = text
            room -= len(text)
    return found
