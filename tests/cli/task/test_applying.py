"""An edit of the workspace, done to files."""

from pathlib import Path
from typing import Any

import pytest

from spark_lsp.cli.errors import CommandError
from spark_lsp.cli.task.applying import Written, write, written


def edit(root: Path, path: str, *edits: tuple[int, int, int, str]) -> dict[str, Any]:
    """Edits of one line each: line, from character to character, new text."""
    return {
        "textDocument": {"uri": (root / path).as_uri(), "version": None},
        "edits": [
            {
                "range": {
                    "start": {"line": line, "character": start},
                    "end": {"line": line, "character": end},
                },
                "newText": text,
            }
            for line, start, end, text in edits
        ],
    }


def test_a_file_is_edited_in_utf_16_and_keeps_its_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("x = '😀a'\r\ny = 2\r\n".encode())
    parts = [edit(tmp_path, "a.py", (0, 7, 8, "b"), (1, 4, 5, "3"))]
    (change,) = written({"documentChanges": parts}, tmp_path)
    write([change])

    assert "x = '😀b'\r\ny = 3\r\n".encode() == (tmp_path / "a.py").read_bytes()


def test_files_are_made_moved_and_removed(tmp_path: Path) -> None:
    for name in ("old.py", "gone.py"):
        (tmp_path / name).write_text(f"{name}\n", "utf-8")
    uri = {name: (tmp_path / f"{name}.py").as_uri() for name in ("old", "new", "gone", "fresh")}
    parts = [
        {"kind": "rename", "oldUri": uri["old"], "newUri": uri["new"]},
        {"kind": "delete", "uri": uri["gone"]},
        {"kind": "create", "uri": uri["fresh"]},
        edit(tmp_path, "fresh.py", (0, 0, 0, "F = 1\n")),
    ]
    write(written({"documentChanges": parts}, tmp_path))

    assert {"new.py": "old.py\n", "fresh.py": "F = 1\n"} == {
        it.name: it.read_text("utf-8") for it in tmp_path.iterdir()
    }


def test_nothing_is_written_outside_of_the_workspace(tmp_path: Path) -> None:
    root = tmp_path / "w"
    for path in ("../out.py", "a/../../out.py"):
        with pytest.raises(CommandError, match="outside"):
            written({"documentChanges": [edit(root, path, (0, 0, 0, "x"))]}, root)


def test_what_has_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    fine, changed = tmp_path / "fine.py", tmp_path / "changed.py"
    fine.write_text("1\n", "utf-8")
    changed.write_text("typed\n", "utf-8")
    with pytest.raises(CommandError, match="has changed meanwhile"):
        write([Written(fine, "1\n", "2\n"), Written(changed, "1\n", "2\n")])

    assert ("1\n", "typed\n") == (fine.read_text("utf-8"), changed.read_text("utf-8"))


def test_an_edit_that_changes_nothing_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1\n", "utf-8")

    assert [] == written({"documentChanges": [edit(tmp_path, "a.py", (0, 0, 0, ""))]}, tmp_path)


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "w", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "lib").symlink_to(outside)
    with pytest.raises(CommandError, match="outside"):
        written({"documentChanges": [edit(root, "lib/a.py", (0, 0, 0, "x"))]}, root)


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("1\n", "utf-8")
    (tmp_path / "run").chmod(0o755)
    write([Written(tmp_path / "run", "1\n", "2\n"), Written(tmp_path / "new", None, "n\n")])

    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("run", "new")]
    assert [0o755, 0o644] == [modes[0], modes[1] | 0o044]
    assert {"run", "new"} == {it.name for it in tmp_path.iterdir()}
