"""The source distributions that the figures are made from, pinned, and how they are obtained.

pip fetches them from whatever index it is configured for; what arrives is held to its hash before
it is opened, and opened without being run. (pip itself runs a distribution's build for its
metadata; use `--cache` with files fetched before where that is unwanted.)
"""

import hashlib
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned source distribution; `root` is the folder in it that modules are imported from."""

    name: str
    version: str
    sha256: str
    root: str = "src"

    @property
    def stem(self) -> str:
        """The name of the archive and of the folder inside, as all of these spell it."""
        return f"{self.name}-{self.version}"

    @property
    def sources(self) -> str:
        """The folder of the package itself, apart from its documentation and most tests."""
        return f"{self.root or self.name}/"


PACKAGES = (
    Package("black", "24.10.0", "846ea64c97afe3bc677b761787993be4991810ecc7a4a937816dd6bddedc4875"),
    Package(
        "celery", "5.4.0", "504a19140e8d3029d5acad88330c541d4c3f64c789d85f94756762d8bca7e706", ""
    ),
    Package("click", "8.1.7", "ca9853ad459e787e2192211578cc907e7594e294c7ccc834310722b41b9ca6de"),
    Package(
        "fastapi", "0.115.0", "f93b4ca3529a8ebc6fc3fcf710e5efa8de3df9b41570958abf1d97d843138004", ""
    ),
    Package("flask", "3.0.3", "ceb27b0af3823ea2737928a4d99d125a06175b8512c445cbd9a9ce200ef76842"),
    Package(
        "httpx", "0.27.2", "f7c2be1d2f3c3c3160d441802406b206c2b76f5947b11115e6df10c6c65e66c2", ""
    ),
    Package(
        "networkx", "3.3", "0c127d8b2f4865f59ae9cb8aafcd60b5c70f3241ebd66f7defad7c4ab90126c9", ""
    ),
    Package("pytest", "8.3.3", "70b98107bd648308a7952b06e6ca9a50bc660be218d53c257cc1fc94fda10181"),
    Package(
        "requests", "2.32.3", "55365417734eb18255590a9ff9eb97e9e1da868d4ccd6402399eaf68af20a760"
    ),
    Package(
        "rich", "13.9.4", "439594978a49a09530cff7ebc4b5c7103ef57baf48d5ea3184f21d9a2befa098", ""
    ),
    Package(
        "scrapy", "2.11.2", "dfbd565384fc3fffeba121f5a3a2d0899ac1f756d41432ca0879933fbfb3401d", ""
    ),
    Package(
        "sqlalchemy",
        "2.0.35",
        "e11d7ea4d24f0a262bccf9a7cd6284c976c5369dac21db237cff59586045ab9f",
        "lib",
    ),
    Package(
        "tornado", "6.4.1", "92d3ab53183d8c50f8204a51e6f91d18a15d5ef261e84d452800d4ff6fc504e9", ""
    ),
    Package(
        "werkzeug", "3.0.4", "34f2371506b250df4d4f84bfe7b0921e4762525762bbd936614909fe25cd7306"
    ),
)


def obtain(package: Package, cache: Path) -> Path:
    """Return the unpacked distribution in the cache, fetching and checking it if it is not there.

    The archive is checked each time; the folder is believed, since it is named after the hash.
    """
    folder = cache / f"{package.stem}-{package.sha256[:12]}"
    if not folder.is_dir():
        archive = cache / f"{package.stem}.tar.gz"
        if not archive.is_file():
            _fetch(package, cache)
        _check(package, archive)
        partial = folder.with_suffix(".partial")
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
        partial.rename(folder)
    return folder / package.stem


def _fetch(package: Package, cache: Path) -> None:
    wanted = cache / f"{package.stem}.requirement"
    wanted.write_text(
        f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--require-hashes", "--requirement", str(wanted)]
    subprocess.run([*command, "--dest", str(cache)], check=True)  # noqa: S603  # our own words
    wanted.unlink()


def _check(package: Package, archive: Path) -> None:
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise SystemExit(f"{archive} is not the pinned {package.stem}: delete it and run again")
