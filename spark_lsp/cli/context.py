"""`spark-lsp context`: what a model would be shown at a place of a file, block by block.

Owns the way there without a server: the index is brought up to date, the file is read as if it were
open, and the prompt is packed by the same parts that serve an editor.
"""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.files import directory, read_place, repository_of
from spark_lsp.cli.shown import Shown, shown
from spark_lsp.cli.survey import survey
from spark_lsp.core import tokens
from spark_lsp.core.packing import Packer
from spark_lsp.core.prompt import Prompt, Share
from spark_lsp.core.retrieval import Place
from spark_lsp.core.secrets import redact
from spark_lsp.core.text import Text
from spark_lsp.core.windows import Tail
from spark_lsp.server.catalog import Catalog
from spark_lsp.server.privacy import private
from spark_lsp.server.uris import location


def run(arguments: argparse.Namespace, begun: float) -> int:
    """Tell what would be sent; returns the exit status. `begun` is when the command did."""
    named, text, offset = read_place(arguments.place)
    path, root = _located(named, arguments.workspace)
    if reason := private(path.as_uri(), root):
        raise CommandError(f"nothing of {named} would be sent: {reason}")
    told = replace(_shown(path, root, text, offset, arguments.budget), total=_since(begun))
    if arguments.text:
        # As bytes, so that line ends stay what they are.
        sys.stdout.buffer.write("".join(told.texts).encode("utf-8", "replace"))
    elif arguments.json:
        sys.stdout.write(json.dumps(told.as_json()) + "\n")
    else:
        from rich.console import Console

        console = Console()
        for line in told.as_lines(console.width):
            console.print(line, no_wrap=True, crop=True, highlight=False)
    sys.stdout.flush()
    return 0


def _located(named: Path, workspace: Path | None) -> tuple[Path, Path]:
    """Return the absolute path of a file and of its workspace, as an editor would name them.

    Links stay, because a file is judged by the name it is opened by as well; unless the file lies
    in the workspace only by what they lead to.
    """
    path = Path(os.path.abspath(named))  # noqa: PTH100 - links are left as they are
    root = directory(workspace, "--workspace") if workspace else repository_of(path)
    resolved, home = path.resolve(), root.resolve()
    if path.is_relative_to(root) or not resolved.is_relative_to(home):
        return path, root
    if reason := private(path.as_uri(), None):
        raise CommandError(f"nothing of {named} would be sent: {reason}")
    return resolved, home


def _shown(path: Path, root: Path, text: Text, offset: int, budget: int) -> Shown:
    catalog = Catalog(root)
    report = survey(root, catalog.indexed, count=False)
    catalog.refresh_rules()
    name = location(path.as_uri()).name(str(root))
    catalog.library.learn(name, text.string)
    tokens.count("")  # its tables take a while to load
    begun = perf_counter()
    place = Place(name, redact(text.string), offset)
    packed = Packer(catalog.library, catalog.read).pack(place, budget)
    tail = Tail.around(text, offset, Share.of(budget).tail)
    milliseconds = _since(begun)
    prompt = Prompt(packed.blocks, name, tail.prefix, tail.suffix)
    return shown(prompt, tail, text, budget, milliseconds, warm=report.warm)


def _since(begun: float) -> float:
    return (perf_counter() - begun) * 1000
