"""The source distributions that figures are made from, pinned, and how they are obtained.

Owns `distributions.csv`: of each, the set it belongs to, its registry, and the hash of its archive.
*evaluation* is what the engine is scored on, *training* what its parameters may be fitted to,
*apart* what was looked at for neither and may say once whether the fit holds elsewhere; *retrieval*
holds what only `benchmarks.retrieval` needs besides. What is measured is left to others.

Archives come from wherever pip, npm and apt-get of this machine are configured to get them (apt-get
needs lists, so an `apt-get update` now and then). What arrives is held to its hash before it is
opened, and opened without being run. pip itself runs the build of a distribution for its metadata:
where that is unwanted, put the archives into the cache by hand.
"""

import csv
import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from platformdirs import user_cache_path

CACHE: Final = user_cache_path("spark-lsp") / "distributions"
"""Where archives and what was in them are kept, unless said otherwise."""
_FILE: Final = Path(__file__).with_suffix(".csv")
_ENDINGS: Final[Mapping[str, str]] = {"pypi": ".tar.gz", "npm": ".tgz", "debian": ".deb"}
"""By registry, how the names of its archives end."""
_HEADER: Final = 60
"""Bytes before each member of an archive by `ar`; ten of them, from the 48th on, are its size."""
_BELOW: Final = ("usr/share/gocode/src", "usr/share/cargo/registry")
"""Where packages of Debian have the sources of others."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A pinned archive of sources.

    Attributes:
        set: what it is for.
        registry: "pypi", "npm" or "debian".
        name: as the registry spells it.
        version: likewise.
        sha256: of the archive, in hexadecimal.
    """

    set: str
    registry: str
    name: str
    version: str
    sha256: str

    @property
    def stem(self) -> str:
        """Name and version as a name of files."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version.replace(':', '.')}"

    @property
    def archive(self) -> str:
        """The name under which the archive is kept."""
        return self.stem + _ENDINGS[self.registry]


Fetch: TypeAlias = Callable[[Distribution, Path], object]
"""Puts the archive of a distribution into an empty directory, under any name."""


@cache
def distributions(set_: str | None = None) -> tuple[Distribution, ...]:
    """Return the distributions of a set, or all, in the order of the file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        known = [Distribution(**row) for row in csv.DictReader(file)]
    return tuple(it for it in known if set_ in {None, it.set})


def named(name: str) -> Distribution:
    """Return the distribution of that name, of whatever set."""
    return next(it for it in distributions() if it.name == name)


def fetch(distribution: Distribution, folder: Path) -> None:
    """Have the registry's own client put the archive into a directory.

    Raises:
        SystemExit: if there is no such client, or it fails.
    """
    told = f"{distribution.name}=={distribution.version} --hash=sha256:{distribution.sha256}\n"
    pinned = folder / "pinned.requirement"
    match distribution.registry:
        case "pypi":
            pinned.write_text(told, encoding="utf-8")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--no-binary", ":all:", "--require-hashes", "--requirement", pinned.name]
        case "npm":
            command = ["npm", "pack", "--silent", "--ignore-scripts"]
            command.append(f"{distribution.name}@{distribution.version}")
        case _:
            command = ["apt-get", "download", "--quiet=2"]
            command.append(f"{distribution.name}={distribution.version}")
    try:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own words
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"{distribution.stem} cannot be fetched: {error}") from None
    pinned.unlink(missing_ok=True)


def obtain(distribution: Distribution, kept: Path = CACHE, fetch: Fetch = fetch) -> Path:
    """Return the directory with the sources of a distribution, fetched if they are not there.

    The archive is checked before it is opened; the directory is believed, since it is named after
    the hash.

    Raises:
        SystemExit: if it cannot be fetched, or is not what was pinned.
    """
    folder = kept / f"{distribution.stem}-{distribution.sha256[:12]}"
    if not folder.is_dir():
        kept.mkdir(parents=True, exist_ok=True)
        archive = kept / distribution.archive
        if not archive.is_file():
            with TemporaryDirectory(dir=kept) as place:
                fetch(distribution, Path(place))
                # Registries spell names of files in ways of their own.
                (came,) = Path(place).iterdir()
                came.replace(archive)
        if hashlib.sha256(archive.read_bytes()).hexdigest() != distribution.sha256:
            raise SystemExit(f"{archive} is not the one that is pinned: delete it and run again")
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        _unpack(archive, partial)
        partial.rename(folder)
    return _sources(folder)


def _unpack(archive: Path, folder: Path) -> None:
    content = archive.read_bytes()
    with tarfile.open(
        fileobj=BytesIO(_data(content) if archive.suffix == ".deb" else content)
    ) as tar:
        tar.extractall(folder, filter="data")


def _data(package: bytes) -> bytes:
    """Return the archive of files in a package of Debian, which is itself an archive, by `ar`."""
    at = len(b"!<arch>\n")
    while not package.startswith(b"data.tar", at):
        at += _HEADER + int(package[at + 48 : at + 58])
        at += at % 2
    return package[at + _HEADER : at + _HEADER + int(package[at + 48 : at + 58])]


def _sources(folder: Path) -> Path:
    """Return the directory in which an unpacked archive begins to branch out."""
    folder = next((below for it in _BELOW if (below := folder / it).is_dir()), folder)
    while len(found := [*folder.iterdir()]) == 1 and found[0].is_dir():
        folder = found[0]
    return folder
