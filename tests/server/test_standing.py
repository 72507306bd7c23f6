"""How a path stands, and what of a content a task may see."""

from pathlib import Path

import pytest

from spark_lsp.core import secrets
from spark_lsp.server.standing import Standing, Standings, masked
from tests.fixture import Fixture, fixtures

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize("path", fixtures("secrets"))
def test_a_content_is_judged_as_it_is_masked(path: Path) -> None:
    for text in Fixture.read(path).parts.values():
        assert secrets.redact(text).encode() == masked(text.encode())


@pytest.mark.parametrize("before", [0, 99_970, 99_999, 100_000, 250_000])
def test_a_secret_is_found_wherever_it_stands(before: int) -> None:
    text = "x\n" * (before // 2) + TOKEN + "\n" + "y\n" * 99

    assert text.replace(TOKEN, "*" * len(TOKEN)).encode() == masked(text.encode())


@pytest.mark.parametrize("content", [b"", b"x = 1\r\n", b"\xff no letter", b"\0" + TOKEN.encode()])
def test_what_holds_no_secret_that_could_be_read_is_as_it_is(content: bytes) -> None:
    assert content == masked(content)


def test_a_secret_among_letters_that_cannot_be_read_cannot_be_masked() -> None:
    assert masked(b"\xff " + TOKEN.encode()) is None


@pytest.mark.parametrize(
    ("path", "standing"),
    [
        ("a.py", Standing.FREE),
        ("a.md", Standing.FORBIDDEN),
        ("docs/a.md", Standing.FORBIDDEN),
        ("docs/b.py", Standing.FREE),
        ("below/c.py", Standing.FORBIDDEN),
        ("vendor/a.py", Standing.NOISE),
        ("vendor/a.md", Standing.FORBIDDEN),
        ("vendor/.env", Standing.SECRET),
        ("vendor/own/a.py", Standing.FORBIDDEN),
        (".ssh/vendor/a", Standing.SECRET),
        ("uv.lock", Standing.NOISE),
        ("a.log", Standing.IGNORED),
        ("logs/a.py", Standing.IGNORED),
        ("\udcff.py", Standing.IGNORED),
    ],
)
def test_a_path_stands_as_names_and_ignore_files_say(
    tmp_path: Path, path: str, standing: Standing
) -> None:
    for name, text in {
        ".sparkignore": "*.md\n",
        ".gitignore": "*.log\nlogs/\n",
        "below/.sparkignore": "*\n",
        "vendor/own/.sparkignore": "nobody reads this\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")

    assert standing is Standings(tmp_path).of(path)


@pytest.mark.parametrize(
    ("folder", "standing"),
    [
        ("src", Standing.FREE),
        ("secrets", Standing.FREE),
        (".ssh", Standing.SECRET),
        ("node_modules", Standing.NOISE),
        ("src/private", Standing.FORBIDDEN),
        ("vendor/private", Standing.FORBIDDEN),
    ],
)
def test_a_directory_stands_as_what_is_in_it(
    tmp_path: Path, folder: str, standing: Standing
) -> None:
    (tmp_path / ".sparkignore").write_text("private/\n", "utf-8")

    assert standing is Standings(tmp_path).of(folder, directory=True)
