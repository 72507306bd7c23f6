"""`spark-lsp doctor`: what works, what does not, and what to do about it.

Owns how the checks look: a table that grows, or one object. What is checked is told in `checks`.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from spark_lsp.cli.checks import Check, Checkup
from spark_lsp.cli.files import config_file, directory

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARKS = {True: ("ok", "green"), None: ("—", "dim"), False: ("failed", "bold red")}
_THREADS_LIMIT = 0.5
"""Seconds that threads may still take at the end: a resolver or a keyring may hang in one."""


def run(arguments: argparse.Namespace) -> int:
    """Check everything; returns 0 if all of it works, else 1."""
    config = config_file(arguments.config) if arguments.config else None
    checkup = Checkup(config, directory(arguments.workspace or Path(), "--workspace"))
    checks: list[Check] = []
    status = 130
    with asyncio.Runner() as runner:
        try:
            if arguments.json:
                runner.run(_all(checkup, checks.append))
                sys.stdout.write(json.dumps({"checks": [as_json(it) for it in checks]}) + "\n")
            else:
                _tell(runner, checkup, checks)
            status = int(any(it.ok is False for it in checks))
        finally:
            sys.stdout.flush()
            if not runner.run(_threads_ended()):
                os._exit(status)
    return status


async def _all(checkup: Checkup, told: Callable[[Check], object]) -> None:
    async with aclosing(checkup.run()) as checks:
        async for check in checks:
            told(check)


async def _threads_ended() -> bool:
    """Whether no thread hangs. Python would wait for it for ever."""
    ending = asyncio.ensure_future(asyncio.get_running_loop().shutdown_default_executor())
    done, _ = await asyncio.wait([ending], timeout=_THREADS_LIMIT)
    return bool(done)


def as_json(check: Check) -> dict[str, str | bool | None]:
    """Return the object that stands for one check."""
    return {"name": check.name, "ok": check.ok, "detail": check.detail, "fix": check.fix}


def as_table(checks: Sequence[Check], waiting: Sequence[str]) -> "RenderableType":
    """Return the checks that are done, and the one under way, for people."""
    from rich.spinner import Spinner
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(min_width=6)
    table.add_column(style="bold", min_width=18)
    table.add_column(overflow="fold")
    # What is not needed, or in vain, for one reason needs one line.
    for (ok, detail), same in groupby(checks, key=lambda it: (it.ok, it.detail)):
        alike = list(same)
        word, style = _MARKS[ok]
        told = Text(detail, "dim" if ok is None else "")
        if alike[0].fix:
            told.append(f"\n→ {alike[0].fix}", "yellow")
        names = dict.fromkeys((alike[0].name, alike[-1].name))
        table.add_row(Text(word, style), " … ".join(names), told)
    for name in waiting[:1]:
        table.add_row(Spinner("dots"), name, "")
    return table


def _tell(runner: asyncio.Runner, checkup: Checkup, checks: list[Check]) -> None:
    """Check everything, and show it while it comes where that can be seen."""
    from rich.console import Console
    from rich.live import Live

    console, names = Console(), list(checkup.steps)
    if not console.is_terminal:
        try:
            runner.run(_all(checkup, checks.append))
        finally:
            console.print(as_table(checks, ()))
        return
    with Live(as_table((), names), console=console) as live:

        def told(check: Check) -> None:
            checks.append(check)
            live.update(as_table(checks, names[len(checks) :]))

        try:
            runner.run(_all(checkup, told))
        finally:
            live.update(as_table(checks, ()))
