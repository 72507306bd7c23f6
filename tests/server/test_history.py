"""The points of a repository's history from which on work may be finished."""

from pathlib import Path

from spark_lsp.server.history import points
from tests.server.test_worktrees import git, repository, write


def test_the_points_of_a_branch_are_its_last_commit_and_where_it_left_the_main_one(
    tmp_path: Path,
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    git(root, "checkout", "-q", "-b", "work")
    write(root, {"a.py": "A\n"})
    git(root, "commit", "-q", "-a", "-m", "second")
    last, left = points(root)

    assert ("HEAD", "what is not committed", "second") == (last.revision, last.label, last.subject)
    assert ("all since main", "first") == (left.label, left.subject)
    assert left.revision == git(root, "rev-parse", "main").strip()
    assert left.at <= last.at


def test_the_main_branch_has_its_last_commit_alone(tmp_path: Path) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})

    assert ["HEAD"] == [it.revision for it in points(root)]


def test_without_a_repository_or_a_main_branch_there_is_what_there_is(tmp_path: Path) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    git(root, "branch", "-q", "-m", "other")

    assert [] == points(tmp_path)
    assert ["HEAD"] == [it.revision for it in points(root)]
