"""What figures are made from is pinned, checked, and opened without being run."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from benchmarks.distributions import Distribution, Fetch, distributions, fetch, named, obtain
from benchmarks.retrieval.packages import PACKAGES


def tar(*paths: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path in paths:
            member = tarfile.TarInfo(path)
            member.size = len(path)
            archive.addfile(member, io.BytesIO(path.encode()))
    return made.getvalue()


def deb(*paths: str) -> bytes:
    made = b"!<arch>\n"
    for name, data in {"debian-binary": b"2.0", "data.tar.gz": tar(*paths)}.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        made += header + data + b"\n" * (len(data) % 2)
    return made


def pinned(registry: str, archive: bytes) -> Distribution:
    return Distribution(
        "evaluation", registry, "@a/b", "1:2.0", hashlib.sha256(archive).hexdigest()
    )


def putting(archive: bytes) -> Fetch:
    return lambda _, folder: (folder / "of-any-name").write_bytes(archive)


def never(_: Distribution, folder: Path) -> None:
    raise AssertionError(folder)


def test_each_distribution_is_pinned_and_of_one_set() -> None:
    known = distributions()

    assert len({it.name for it in known}) == len(known) > 60
    assert {"evaluation", "training", "apart", "retrieval"} == {it.set for it in known}
    assert {"pypi", "npm", "debian"} == {it.registry for it in known}
    assert all(len(bytes.fromhex(it.sha256)) == 32 for it in known)
    assert 24 == len(distributions("evaluation"))


def test_what_retrieval_is_scored_on_is_pinned() -> None:
    assert all(named(it.name) == it.distribution for it in PACKAGES)


@pytest.mark.parametrize(
    ("registry", "archive", "found"),
    [
        ("pypi", tar("b-2.0/setup.py", "b-2.0/src/b.py"), {"setup.py", "src"}),
        ("npm", tar("package/package.json", "package/lib/b.js"), {"package.json", "lib"}),
        (
            "debian",
            deb("usr/share/doc/b/copyright", "usr/share/gocode/src/x.org/b/b.go"),
            {"b.go"},
        ),
        (
            "debian",
            deb("usr/share/cargo/registry/b/Cargo.toml", "usr/share/cargo/registry/b/src/lib.rs"),
            {"Cargo.toml", "src"},
        ),
    ],
)
def test_an_archive_is_fetched_once_and_gives_the_directory_of_its_sources(
    registry: str, archive: bytes, found: set[str], tmp_path: Path
) -> None:
    distribution = pinned(registry, archive)
    kept = tmp_path / "not" / "yet"
    folder = obtain(distribution, kept, putting(archive))

    assert found == {path.name for path in folder.iterdir()}
    assert folder == obtain(distribution, kept, never)
    assert 2 == len([*kept.iterdir()])


def test_an_archive_that_was_put_into_the_cache_by_hand_is_not_fetched(tmp_path: Path) -> None:
    archive = tar("b/b.py", "b/c.py")
    (tmp_path / "a-b-1.2.0.tgz").write_bytes(archive)

    assert "b" == obtain(pinned("npm", archive), tmp_path, never).name


def test_an_archive_that_is_not_the_one_pinned_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"a-b-1\.2\.0\.tgz is not the one that is pinned"):
        obtain(pinned("npm", tar("b/b.py")), tmp_path, putting(tar("b/c.py")))

    assert ["a-b-1.2.0.tgz"] == [path.name for path in tmp_path.iterdir()]


def test_what_was_unpacked_by_half_is_unpacked_anew(tmp_path: Path) -> None:
    archive = tar("b/b.py", "b/c.py")
    distribution = pinned("npm", archive)
    half = tmp_path / f"{distribution.stem}-{distribution.sha256[:12]}.partial" / "x"
    half.mkdir(parents=True)

    assert {"b.py", "c.py"} == {
        path.name for path in obtain(distribution, tmp_path, putting(archive)).iterdir()
    }


def test_an_archive_that_would_write_elsewhere_is_not_unpacked(tmp_path: Path) -> None:
    archive = tar("../../b.py")

    with pytest.raises(tarfile.OutsideDestinationError):
        obtain(pinned("npm", archive), tmp_path / "kept", putting(archive))

    assert ["kept"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("registry", "command"),
    [
        ("pypi", "-m pip download --quiet --no-deps --no-binary :all: --require-hashes"),
        ("npm", "npm pack --silent --ignore-scripts @a/b@1:2.0"),
        ("debian", "apt-get download --quiet=2 @a/b=1:2.0"),
    ],
)
def test_the_client_of_each_registry_is_asked_for_the_version(
    registry: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Any]] = []
    monkeypatch.setattr(subprocess, "run", lambda told, cwd, **_: asked.append((told, cwd)))
    fetch(pinned(registry, b""), tmp_path)

    assert [(True, tmp_path)] == [(command in " ".join(told), cwd) for told, cwd in asked]
    assert [] == [*tmp_path.iterdir()]


def test_a_client_that_fails_is_told_of_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise FileNotFoundError(2, "No such file or directory", "npm")

    monkeypatch.setattr(subprocess, "run", fails)

    with pytest.raises(SystemExit, match=r"a-b-1\.2\.0 cannot be fetched: .* 'npm'"):
        fetch(pinned("npm", b""), tmp_path)
