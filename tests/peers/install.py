"""Sets up, below `.peers`, the programs of others that the tests talk to: `make peers`.

Owns which there are and how they get here; how Debian's are unpacked is told in `debian`, and what
is asked of them is left to the tests. Run by the environment's Python, and needs nothing but its
pip. A part is whole when it has a file
`ready`. One that cannot be had is left out, with a sentence that says why, and its tests are
skipped with that sentence; with PEERS=all in the environment it is an error instead.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.peers.debian import Absent, run, script, started, unpacked

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".peers"

_SURROUNDINGS = """\
export VIMRUNTIME="$root/usr/share/nvim/runtime"
export LUA_PATH="$root/usr/share/lua/5.1/?.lua;;"
export LUA_CPATH="$(echo "$root"/usr/lib/*/lua/5.1)/?.so;;"
"""
"""Where Neovim looks for what it needs, which is built in as paths of the machine."""


def python(place: Path) -> str:
    """Install the clients in Python, in an environment of their own."""
    run([sys.executable, "-m", "venv", "--without-pip", place])
    own = place / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(own), "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements/peers.txt"])
    show = "from importlib.metadata import version as v; print('openai', v('openai'))"
    return run([own, "-c", show])


def node(place: Path) -> str:
    """Install the Codex CLI."""
    npm = shutil.which("npm")
    if npm is None:
        raise Absent("there is no npm on the PATH, install Node.js")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/peers/node" / name, place)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    run([npm, "ci", *quiet], cwd=place)
    return run([place / "node_modules/.bin/codex", "--version"])


def llama(place: Path) -> str:
    """Unpack llama.cpp from Debian into a root directory of its own; else use the machine's."""
    try:
        source = unpacked(place, "llama.cpp", "llama-server")
    except Absent as absent:
        source = machines(place, "llama-server", absent)
    else:
        # It starts among the instruction-set variants of ggml, where ggml looks for them.
        found = [path.parent for path in (place / "root").rglob("libggml-cpu*.so")][:1]
        go = "".join(f'cd "$root/{it.relative_to(place / "root")}" || exit 1\n' for it in found)
        started(place, "llama-server", go, found)
    told = run([place / "llama-server", "--version"]).splitlines()[0]
    return f"llama-server {told} from {source}"


def neovim(place: Path) -> str:
    """Unpack Neovim from Debian into a root directory of its own; else use the machine's."""
    try:
        source = unpacked(place, "neovim", "nvim")
    except Absent as absent:
        source = machines(place, "nvim", absent)
    else:
        started(place, "nvim", _SURROUNDINGS)
    told = run([place / "nvim", "--version"]).splitlines()[0]
    if tuple(map(int, re.findall(r"\d+", told)[:2])) < (0, 12):
        raise Absent(f"{told} is too old, put a nvim of 0.12 or newer on the PATH")
    return f"{told} from {source}"


def machines(place: Path, program: str, absent: Absent) -> str:
    """Use a program of the machine, and return where it is; if it has none, `absent` is raised."""
    here = shutil.which(program)
    if here is None:
        raise absent
    script(place / program, f'exec "{here}" "$@"')
    return here


PARTS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "python": ("the openai package", python),
    "node": ("the Codex CLI", node),
    "llama": ("llama.cpp", llama),
    "neovim": ("Neovim", neovim),
}


def main(name: str) -> int:
    """Install one part; return the exit status."""
    place, started = PEERS / name, time.monotonic()
    title, install = PARTS[name]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        told = install(place)
    except Absent as absent:
        shutil.rmtree(place)
        place.mkdir()
        sentence = f"{title} is left out: {absent}"
        (place / "absent").write_text(sentence, "utf-8")
        sys.stderr.write(f"peers: {sentence}\n")
        return int(os.environ.get("PEERS") == "all")
    (place / "ready").write_text(told + "\n", "utf-8")
    sys.stdout.write(f"peers: {told} ({time.monotonic() - started:.0f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
