"""What others need for the same files: bare parses, universal-ctags and aider's repository map.

Owns those processes. None of them uses code of ours, and none writes into the files' directory.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from spark_lsp.core.languages import Language

_PARSE = """
import importlib, json, os, sys, time
from tree_sitter import Language, Parser
if hasattr(os, "nice"):
    os.nice(10)
jobs = json.load(open(sys.argv[1]))
parsers = {}
for module, function, _ in jobs:
    if (module, function) not in parsers:
        made = Language(getattr(importlib.import_module(module), function)())
        parsers[module, function] = Parser(made)
print("ready", flush=True)
sys.stdin.readline()
begun = time.process_time()
for module, function, path in jobs:
    with open(path, "rb") as file:
        parsers[module, function].parse(file.read())
print((time.process_time() - begun) * 1000, flush=True)
"""
"""Reads and parses. At the priority of the indexer's workers, so that load is shared alike."""

_MAP = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from aider.repomap import RepoMap
class Model:
    def token_count(self, text):
        return len(text) // 4
class Terminal:
    def read_text(self, name, **_):
        return open(name, encoding="utf-8", errors="replace").read()
    def tool_output(self, *_, **__): pass
    tool_warning = tool_error = tool_output
files, root, RepoMap.TAGS_CACHE_DIR = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
begun = time.perf_counter()
RepoMap(1024, root, Model(), Terminal()).get_ranked_tags_map([], files, 1024)
print((time.perf_counter() - begun) * 1000)
"""
"""Makes one map of 1,024 tokens, aider's default, with nothing cached."""

_LIMIT = 300.0
"""Seconds after which another program is given up."""


@dataclass(frozen=True, slots=True)
class Rival:
    """What another program needed, or why it was not run.

    Attributes:
        milliseconds: from its start to its end; 0 if it was not run.
        name: what it is, or that it is not installed.
        found: how many definitions it found, if it says so.
    """

    milliseconds: float
    name: str
    found: int = 0


class BareParses:
    """Processes that do nothing but read files and parse them."""

    def __init__(
        self, root: Path, files: Sequence[tuple[str, Language, int]], count: int, folder: Path
    ) -> None:
        """Take files with their languages and sizes, the number of processes, and a directory."""
        self._jobs: list[Path] = []
        for number, share in enumerate(spread([size for *_, size in files], count)):
            named = [files[at] for at in share]
            jobs = [(it.module, it.function, str(root / path)) for path, it, _ in named]
            path = folder / f"jobs-{number}.json"
            path.write_text(json.dumps(jobs), "ascii")
            self._jobs.append(path)

    def once(self) -> tuple[float, float]:
        """Parse everything once; returns the milliseconds, and those of all processors.

        The start of the processes is not counted.
        """
        with _Team(
            [[sys.executable, "-P", "-c", _PARSE, str(jobs)] for jobs in self._jobs]
        ) as all_:
            for process in all_:
                _said(process)
            begun = perf_counter()
            for process in all_:
                assert process.stdin is not None  # a pipe
                process.stdin.write("go\n")
                process.stdin.flush()
            spent = sum([float(_said(process)) for process in all_])
            return (perf_counter() - begun) * 1000, spent


class _Team:
    """Processes that run at the same time and are gone afterwards."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = commands
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> list[subprocess.Popen[str]]:
        for command in self._commands:
            pipe = subprocess.PIPE
            self._running.append(
                subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 - ours
            )
        return self._running

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.kill()
            process.communicate()


def _said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # a pipe
    if not (line := process.stdout.readline()):
        raise OSError("a process that parses has ended")
    return line


def spread(sizes: Sequence[int], count: int) -> list[list[int]]:
    """Return for so many takers which sizes each gets, so that none has much more than another."""
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for at in sorted(range(len(sizes)), key=lambda it: -sizes[it]):
        taker = loads.index(min(loads))
        shares[taker].append(at)
        loads[taker] += sizes[at]
    return [sorted(share) for share in shares]


def ctags(root: Path, files: Sequence[str], folder: Path) -> Rival:
    """Have universal-ctags find the definitions in the same files, in one process."""
    program = shutil.which("ctags")
    version = _output([program, "--version"]) if program else ""
    if not program or "Universal Ctags" not in version:
        return Rival(0.0, "universal-ctags, not installed")
    listed, tags = folder / "files.txt", folder / "tags"
    listed.write_bytes(b"".join(os.fsencode(root / path) + b"\n" for path in files))
    begun = perf_counter()
    _output([program, "--sort=no", "-f", str(tags), "-L", str(listed)])
    took = (perf_counter() - begun) * 1000
    with suppress(OSError):
        with tags.open("rb") as lines:
            found = sum(not line.startswith(b"!") for line in lines)
        return Rival(took, version.split(",", 1)[0].lower() + ", names alone", found)
    return Rival(0.0, "universal-ctags, which has failed")


def aider(root: Path, files: Sequence[str], folder: Path) -> Rival:
    """Have aider make its repository map of the same files, if a Python on the path has it."""
    for python in _pythons():
        if not _output([python, "-c", "import aider; print(1)"]):
            continue
        listed = folder / "map.json"
        listed.write_text(json.dumps([str(root / path) for path in files]), "ascii")
        said = _output([python, "-c", _MAP, str(listed), str(root), str(folder / "aider")])
        try:
            return Rival(float(said.split()[-1]), "aider's repository map")
        except (ValueError, IndexError):
            return Rival(0.0, "aider, which has failed")
    return Rival(0.0, "aider, not installed")


def _pythons() -> Iterator[str]:
    """Yield interpreters that may have aider: that of its command, and those on the path."""
    if command := shutil.which("aider"):
        beside = Path(command).resolve().parent / "python"
        if beside.is_file():
            yield str(beside)
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield found


def _output(command: Sequence[str]) -> str:
    """Return what a program says, "" if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - programs that the person has installed
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_LIMIT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout
