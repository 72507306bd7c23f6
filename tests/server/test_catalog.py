"""What a catalog reads of a workspace, and what it does not read any more."""

import os
from pathlib import Path

import pytest

from spark_lsp.core import rules
from spark_lsp.core.records import Record, record
from spark_lsp.server.catalog import Catalog

RULES = "Be brief.\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "AGENTS.md").write_text(RULES, "utf-8")
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    made = Catalog(tmp_path)
    made.indexed({path: told(path, tmp_path) for path in ("AGENTS.md", "a.py")})
    return made


def told(path: str, root: Path) -> Record | None:
    made = record(path, (root / path).read_text("utf-8"))
    return made if isinstance(made, Record) else None


def test_instructions_are_read_and_forgotten_with_their_file(
    catalog: Catalog, tmp_path: Path
) -> None:
    assert {"AGENTS.md": RULES} == catalog.library.rules
    (tmp_path / "AGENTS.md").unlink()
    catalog.indexed({"AGENTS.md": None})

    assert {} == catalog.library.rules


def test_instructions_that_become_ignored_are_forgotten(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("AGENTS.md\n", "utf-8")
    catalog.indexed({"AGENTS.md": None})

    assert {} == catalog.library.rules


@pytest.mark.parametrize("name", [".gitignore", ".sparkignore"])
def test_what_becomes_ignored_is_not_read_even_before_the_index_knows(
    catalog: Catalog, tmp_path: Path, name: str
) -> None:
    assert "x = 1\n" == catalog.read("a.py")
    (tmp_path / name).write_text("a.py\n", "utf-8")
    catalog.judge_anew()

    assert catalog.read("a.py") is None
    (tmp_path / name).unlink()
    catalog.judge_anew()
    assert "x = 1\n" == catalog.read("a.py")


def test_an_open_buffer_hides_its_file_until_it_is_ignored(
    catalog: Catalog, tmp_path: Path
) -> None:
    catalog.library.put_open("a.py", "y = 2\n")

    assert "y = 2\n" == catalog.current("a.py")
    assert RULES == catalog.current("AGENTS.md")
    (tmp_path / ".gitignore").write_text("a.py\n", "utf-8")
    catalog.judge_anew()
    assert catalog.current("a.py") is None


def test_without_a_workspace_nothing_is_read() -> None:
    assert Catalog(None).read("a.py") is None


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CODEX_HOME", str(home))
    return home


def own_rules() -> str | None:
    catalog = Catalog(None)
    catalog.refresh_rules()
    return catalog.library.rules.get(rules.GLOBAL)


def test_a_persons_own_instructions_are_read_through_links_and_no_further_than_they_count(
    home: Path, tmp_path: Path
) -> None:
    assert own_rules() is None
    (tmp_path / "kept").write_text("x" * (rules.LIMIT + 1), "utf-8")
    (home / "AGENTS.md").symlink_to(tmp_path / "kept")

    assert "x" * rules.LIMIT == own_rules()
    (home / "AGENTS.override.md").write_text(RULES, "utf-8")
    assert RULES == own_rules()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_instructions_that_are_no_file_keep_nobody_waiting(home: Path) -> None:
    os.mkfifo(home / "AGENTS.override.md")
    (home / "AGENTS.md").mkdir()

    assert own_rules() is None


def test_a_person_without_a_home_has_no_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CODEX_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)

    assert own_rules() is None
