"""What an agent sees by the tools it is given."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from spark_lsp.server.agents.reading import Looking, Unfit

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        ".git": "gitdir: /elsewhere\n",
        ".gitignore": "ignored.txt\nbuild/\n",
        "ignored.txt": "needle\n",
        "build/out.txt": "needle\n",
        ".env": "needle\n",
        "a.py": "one\nneedle = 1\nthree\n",
        "lib/b.py": "  needle = 2\n",
        "keys.py": f'TOKEN = "{TOKEN}"  # needle\n',
        "long.txt": "line\n" * 3_000,
        "blob.bin": "needle\0",
    }
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (tmp_path / "secret.txt").write_text("needle\n", "utf-8")
    (tmp_path / "root/link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "root/up").symlink_to(tmp_path)
    return tmp_path / "root"


def ask(root: Path, tool: str, **arguments: Any) -> str:
    looking = Looking(root, lambda _: None)
    return looking.answer(tool, Raw(msgspec.json.encode(arguments)))


def test_files_are_listed_that_may_be_read(root: Path) -> None:
    listed = ask(root, "list_files").split("\n")

    assert {".gitignore", "a.py", "keys.py", "long.txt", "lib/b.py"} <= set(listed)
    assert not {".git", ".env", "ignored.txt", "build/out.txt", "link.txt"} & set(listed)
    assert "lib/b.py" == ask(root, "list_files", folder="lib/")
    assert "There are no files." == ask(root, "list_files", folder="none")


def test_a_text_is_found_in_files_that_may_be_read(root: Path) -> None:
    found = ask(root, "search_text", text="needle").split("\n")

    assert ["a.py:2: needle = 1", "lib/b.py:1: needle = 2"] == [
        line for line in found if "keys" not in line
    ]
    assert "lib/b.py:1: needle = 2" == ask(root, "search_text", text="needle", folder="lib")


def test_secrets_are_neither_shown_nor_found(root: Path) -> None:
    assert TOKEN not in ask(root, "read_file", path="keys.py")
    assert TOKEN not in ask(root, "search_text", text="needle")
    assert "Nothing was found." == ask(root, "search_text", text=TOKEN[:12])


def test_a_part_of_a_file_is_read_by_its_lines(root: Path) -> None:
    assert "needle = 1" == ask(root, "read_file", path="a.py", first_line=2, last_line=2)
    assert "one\nneedle = 1" == ask(root, "read_file", path="./a.py", last_line=2, first_line=-5)
    assert "There is nothing there." == ask(root, "read_file", path="a.py", first_line=9)


def test_a_long_file_is_cut_and_says_so(root: Path) -> None:
    read = ask(root, "read_file", path="long.txt")

    assert read.startswith("line\nline\n")
    assert read.endswith("\n[cut: the file has 3001 lines]")


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../secret.txt", "lib/../../secret.txt", "up/secret.txt", "link.txt"),
        *(".git", ".env", "ignored.txt", "build/out.txt", "blob.bin", "none.txt", "lib", "a\0b"),
        *("..\\secret.txt", "C:\\secret.txt", "up"),
    ],
)
def test_what_must_not_be_read_is_not(root: Path, path: str) -> None:
    with pytest.raises(Unfit):
        ask(root, "read_file", path=path)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read_file", b"{}"),
        ("read_file", b"null"),
        ("read_file", b'{"path":"\\ud800"}'),
        ("read_file", b'{"path":"a.py","more":1}'),
        ("read_file", b'{"path":"a.py","first_line":"1"}'),
        ("search_text", b'{"text":""}'),
        ("search_text", b'{"text":"a\\nb"}'),
        ("list_files", b'{"folder":".."}'),
        ("write_file", b"{}"),
    ],
)
def test_what_is_no_call_is_refused(root: Path, tool: str, arguments: bytes) -> None:
    with pytest.raises(Unfit):
        Looking(root, lambda _: None).answer(tool, Raw(arguments))
