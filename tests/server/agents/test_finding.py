"""Where an agent's program is, and where none is taken from."""

import os
from pathlib import Path

import pytest

from spark_lsp.server.agents.finding import HOW_TO_GET_ONE, NotInstalled, find

pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs are known by their mode here")


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", "utf-8")
    path.chmod(0o700)
    return path


def test_it_is_found_on_the_path_by_its_name(tmp_path: Path) -> None:
    there = program(tmp_path / "bin/codex")
    found = find("", {"PATH": f"{tmp_path}/none{os.pathsep}{tmp_path}/bin"}, tmp_path / "worktree")

    assert (there, there.parent) == (found.path, found.folder)


def test_what_npm_has_installed_is_read_with_its_sister_packages(tmp_path: Path) -> None:
    script = program(tmp_path / "lib/node_modules/@openai/codex/bin/codex.js")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/codex").symlink_to(script)
    found = find("codex", {"PATH": f"{tmp_path}/bin"}, tmp_path / "worktree")

    assert tmp_path / "bin/codex" == found.path
    assert tmp_path / "lib/node_modules/@openai" == found.folder


def test_a_home_is_not_opened_for_a_program_that_lies_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    there = program(tmp_path / "codex")

    assert there == find(str(there), {"PATH": ""}, tmp_path / "worktree").folder


@pytest.mark.parametrize("entry", ["", ".", "bin", "worktree"])
def test_none_is_taken_from_where_we_happen_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    program(tmp_path / "codex")
    program(tmp_path / "bin/codex")
    program(tmp_path / "worktree/codex")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NotInstalled) as raised:
        find("", {"PATH": entry}, tmp_path / "worktree")
    assert HOW_TO_GET_ONE == str(raised.value)


@pytest.mark.parametrize("via", ["worktree/codex", "link"])
def test_none_is_taken_from_the_worktree_also_not_by_a_link(tmp_path: Path, via: str) -> None:
    (tmp_path / "link").symlink_to(program(tmp_path / "worktree/codex"))

    with pytest.raises(NotInstalled) as raised:
        find(str(tmp_path / via), {"PATH": ""}, tmp_path / "worktree")
    assert HOW_TO_GET_ONE in str(raised.value)
    assert via in str(raised.value)
