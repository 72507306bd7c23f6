"""What holds for the repository as a whole."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixture import FIXTURES, ROOT, Fixture

MODULES = sorted((ROOT / "spark_lsp").rglob("*.py"))
ALL_FIXTURES = sorted(FIXTURES.rglob("*.txt"))
LINES = 400
"""Lines of a module above which it should have been two."""

every_module = pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in MODULES],
)


def tracked() -> list[Path]:
    """Return the files that git knows or would add; all of them where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = filter(None, listed.stdout.decode().split("\0"))
    return [path for name in names if (path := ROOT / name).is_file()]


@every_module
def test_a_module_says_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))

    assert docstring
    assert docstring.split("\n")[0].rstrip().endswith((".", ":", "?"))


@every_module
def test_a_module_is_short_enough_to_be_read_at_once(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LINES


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.relative_to(FIXTURES).as_posix()) for path in ALL_FIXTURES],
)
def test_a_fixture_says_in_a_sentence_what_it_specifies(path: Path) -> None:
    fixture = Fixture.read(path)

    assert re.fullmatch(r"[A-Z`][^\n]*\.", fixture.sentence)
    assert any(not name.startswith("@") for name in fixture.parts)
    assert any(name.startswith("@") for name in fixture.parts)


def test_no_two_fixtures_say_the_same() -> None:
    sentences = [Fixture.read(path).sentence for path in ALL_FIXTURES]

    assert len(sentences) == len(set(sentences))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    needle = re.compile(rb"/(?:" + b"|".join([b"wo" + b"rk", b"ro" + b"ot"]) + rb")/")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1)
        if needle.search(line)
    ]

    assert [] == found


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")))
def test_requirements_are_pinned_and_name_no_index(path: Path) -> None:
    """Where packages come from is for whoever installs them to say."""
    text = path.read_text("utf-8")
    names = re.findall(r"^[A-Za-z0-9][^\s#\\]*", text, re.MULTILINE)

    assert "://" not in text
    assert names
    assert all("==" in name for name in names)
    assert text.count("--hash=sha256:") >= len(names)
    assert not re.search(r"^-", text, re.MULTILINE)


@pytest.mark.parametrize(
    "folder", ["tests/peers/node", "tests/peers/stylua", "tests/peers/vscode", "editors/vscode"]
)
def test_the_lock_of_npm_packages_names_no_registry(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text("utf-8"))
    packages = [package for name, package in lock["packages"].items() if name]

    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_each_test_module_stands_where_its_module_does() -> None:
    """Or in `e2e`, `editors` or `peers`, about the whole, or its name says what it is about."""
    modules = [*MODULES, *(ROOT / "benchmarks").rglob("*.py")]
    folders = {path.parent.name for path in modules} | {"e2e", "editors", "peers"}
    found = {path.parent.name for path in (ROOT / "tests").rglob("test_*.py")} - {"tests"}

    assert found <= folders


def test_no_test_is_skipped_for_good_or_expected_to_fail() -> None:
    needle = re.compile("|".join(["x" + "fail\\(", "pytest\\.mark\\.sk" + "ip\\b"]))
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*.py")
        if needle.search(path.read_text("utf-8"))
    ]

    assert [] == found
