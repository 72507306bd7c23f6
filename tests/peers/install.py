"""Sets up, below `.peers`, the programs of others that the tests talk to: `make peers`.

Owns where they come from and how they get here; what is asked of them is left to the tests. Run
by the environment's Python, and needs nothing but its pip. A part is whole when it has a file
`ready`. One that cannot be had is left out, with a sentence that says why, and its tests are
skipped with that sentence; with PEERS=all in the environment it is an error instead.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".peers"
SUITES = ("testing", "unstable")
"""Of Debian, in the order in which llama.cpp is looked for: no stable release has it yet."""
NAMES = {"oldstable", "stable", "testing", "unstable", "sid"}
"""By which a machine may call the Debian that it follows, besides its code name."""

_RELEASE = re.compile(r"^'([^']+/)dists/([^'/]+)/InRelease'", re.MULTILINE)


class Absent(Exception):  # noqa: N818 - a state of the machine, not a defect
    """A part cannot be had here; the message is one sentence that says what to do."""


def run(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    """Run a program and return what it says.

    Raises:
        Absent: if it fails, with the first error it told of.
    """
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("E:", "npm error", "ERROR"))]
        told = (errors[:1] or lines[-1:] or [f"status {done.returncode}"])[0].strip()
        raise Absent(f"{Path(command[0]).name} failed: {told}")
    return (done.stdout or done.stderr).strip()


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
        source = unpacked(place)
    except Absent:
        here = shutil.which("llama-server")
        if here is None:
            raise
        script(place / "llama-server", f'exec "{here}" "$@"')
        source = here
    told = run([place / "llama-server", "--version"]).splitlines()[0]
    return f"llama-server {told} from {source}"


def unpacked(place: Path) -> str:
    """Fetch llama.cpp and all it needs, down to the C library; return the suite it is from."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Absent("there is no apt-get here, put a llama-server on the PATH")
    apt = place / "apt"
    for folder in ("sources", "lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    (apt / "status").touch()
    (apt / "conf").write_text(configuration(apt), "utf-8")
    command = ["apt-get", "--config-file", str(apt / "conf"), "--quiet=2"]
    suite = fetched(command, apt, mirror())

    for package in sorted((apt / "cache/archives").glob("*.deb")):
        run(["dpkg-deb", "--extract", package, place / "root"])
    shutil.rmtree(apt)
    start(place)
    return f"Debian's {suite}"


def fetched(command: list[str], apt: Path, uri: str) -> str:
    """Fetch the packages from the first suite that has them."""
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    signed = f"Signed-By: {keyring}\n" if keyring.exists() else ""
    missing = None
    for suite in SUITES:
        entry = f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\n{signed}"
        (apt / "sources/debian.sources").write_text(entry, "utf-8")
        try:
            run([*command, "--option", "APT::Update::Error-Mode=any", "update"])
            run([*command, "--download-only", "--yes", "install", "llama.cpp"])
        except Absent as absent:
            missing = missing or absent
        else:
            return suite
    raise missing or Absent("Debian has no llama.cpp")


def configuration(apt: Path) -> str:
    """Return what makes apt leave the machine as it is; its proxies and credentials stay."""
    return f"""\
Dir::State "{apt}";
Dir::State::lists "{apt}/lists";
Dir::State::status "{apt}/status";
Dir::Cache "{apt}/cache";
Dir::Cache::archives "{apt}/cache/archives";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{apt}/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{apt}/none";
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
"""


def mirror() -> str:
    """Return the address from which this machine has its Debian."""
    system = platform.freedesktop_os_release()
    if system.get("ID") != "debian":
        raise Absent("this is not Debian, put a llama-server on the PATH")
    wanted = NAMES | {system.get("VERSION_CODENAME", "")}
    # What an update would fetch is told without lists, which containers often lack.
    for uri, release in _RELEASE.findall(run(["apt-get", "update", "--print-uris"])):
        if release in wanted:
            return str(uri)
    raise Absent("apt-get knows no Debian mirror, put a llama-server on the PATH")


def start(place: Path) -> None:
    """Write the script that starts the server with its own loader and libraries.

    It starts among the instruction-set variants of ggml, where ggml looks for them.
    """
    root = place / "root"
    loader = next(root.glob("usr/lib/*/ld-linux*.so.*"), None)
    variants = next((path.parent for path in root.rglob("libggml-cpu*.so")), None)
    if loader is None or variants is None:
        raise Absent("Debian's llama.cpp is not as it was, see tests/peers/install.py")
    folders = sorted({path.parent for path in root.glob("usr/lib/*/**/lib*.so*")} - {variants})
    libraries = ":".join(f"$root/{folder.relative_to(root)}" for folder in folders)
    script(
        place / "llama-server",
        f"""\
root=$(cd "$(dirname "$0")/root" && pwd) && cd "$root/{variants.relative_to(root)}" || exit 1
exec "$root/{loader.relative_to(root)}" --inhibit-cache --library-path "{libraries}" \\
    "$root/usr/bin/llama-server" "$@\"""",
    )


def script(path: Path, body: str) -> None:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)


PARTS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "python": ("the openai package", python),
    "node": ("the Codex CLI", node),
    "llama": ("llama.cpp", llama),
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
