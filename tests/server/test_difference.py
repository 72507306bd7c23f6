"""What a person has changed since a point, as a task that finishes it is shown it."""

import os
from pathlib import Path

import pytest

from spark_lsp.core.tasks.change import shown
from spark_lsp.server import difference
from spark_lsp.server.git import GitError
from tests.server.test_worktrees import git, repository, write

SECRET = "api_key = 'sk-proj-abcdefghijklmnop0123456789'\n"


def since(root: Path, revision: str) -> tuple[str, list[str]]:
    changed, fresh = difference.since_revision(root, root, os.environ, revision)
    return shown(changed), fresh


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A branch with a commit and more that is not committed; main has gone on meanwhile."""
    root = repository(tmp_path / "w", {"a.py": "a\n", "b.py": "b\n", "sub/c.py": "c\n"})
    git(root, "checkout", "-q", "-b", "work")
    write(root, {"a.py": "A\n"})
    commit(root, "second")
    git(root, "checkout", "-q", "main")
    write(root, {"b.py": "of others\n"})
    commit(root, "others")
    git(root, "checkout", "-q", "work")
    write(root, {"sub/c.py": "C\n", "sub/new.py": "n\n"})
    return root


def test_what_is_not_committed_is_a_diff_and_the_names_of_new_files(branch: Path) -> None:
    assert ("--- a/sub/c.py\n+++ b/sub/c.py\n@@ -1 +1 @@\n-c\n+C", ["sub/new.py"]) == since(
        branch, "HEAD"
    )


def test_what_others_did_on_another_branch_is_not_undone_here(branch: Path) -> None:
    told, _ = since(branch, "main")

    assert ["-a", "+A", "-c", "+C"] == [it for it in told.splitlines() if it[1:2] in "aAcC"]
    assert "others" not in told


def test_a_workspace_below_its_repository_sees_what_is_in_it(branch: Path) -> None:
    told, fresh = since(branch / "sub", "main")

    assert "+++ b/c.py" in told
    assert "a.py" not in told
    assert ["new.py"] == fresh


@pytest.mark.parametrize(
    "revision", ["nonsense", "--all", "", "HEAD~9", "a\nb", "HEAD:a.py", "\ud800"]
)
def test_a_revision_that_is_none_is_refused_in_a_sentence(branch: Path, revision: str) -> None:
    with pytest.raises(GitError, match="git knows no revision"):
        since(branch, revision)


def test_what_a_task_must_not_see_is_not_in_it_whatever_the_history_has(tmp_path: Path) -> None:
    root = repository(tmp_path / "w", {".env": "A=1\n", "plan.txt": "p\n", "a.py": SECRET + "a\n"})
    write(root, {".env": "A=2\n", "plan.txt": "q\n", "a.py": "b\n", ".sparkignore": "plan.txt\n"})
    told, fresh = since(root, "HEAD")

    assert ["+++ b/a.py"] == [it for it in told.splitlines() if it.startswith("+++")]
    assert "abcdefghijklmnop" not in told
    assert [".sparkignore"] == fresh


def test_what_is_no_text_is_named_and_not_shown(tmp_path: Path) -> None:
    root = repository(tmp_path / "w", {"logo.png": "\0old", "gone.py": "x\n"})
    (root / "logo.png").write_bytes(b"\0" * 9)
    (root / "gone.py").unlink()
    told, _ = since(root, "HEAD")

    assert "+(9 bytes that are not shown)" in told
    assert "--- a/gone.py\n+++ /dev/null" in told


def test_texts_of_an_earlier_moment_need_no_repository(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "a\n", "same.py": "s\n", ".env": "E\n"})
    before = {"a.py": "old\n", "same.py": "s\n", ".env": "F\n", "gone.py": "g\n"}

    assert ["a.py", "gone.py"] == [
        it.path for it in difference.since_texts(tmp_path, tmp_path, before)
    ]


def test_very_many_files_are_none_that_could_be_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference, "_MOST", 1)
    root = repository(tmp_path / "w", {"a.py": "a\n", "b.py": "b\n"})
    write(root, {"a.py": "A\n", "b.py": "B\n"})

    with pytest.raises(GitError, match="choose a nearer point"):
        since(root, "HEAD")


def test_a_rule_above_the_workspace_holds_for_what_the_history_has(tmp_path: Path) -> None:
    files = {".sparkignore": "plans.txt\n", "sub/plans.txt": "HIDDEN\n", "sub/a.py": "a\n"}
    root = repository(tmp_path / "w", files)
    (root / "sub/plans.txt").unlink()
    git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "place"))
    (tmp_path / "place/sub/plans.txt").unlink()
    (tmp_path / "place/.sparkignore").unlink()
    folder = tmp_path / "place/sub"
    changed, _ = difference.since_revision(folder, root / "sub", os.environ, "HEAD")

    assert [] == changed
    assert [] == difference.since_texts(folder, root / "sub", {"plans.txt": "HIDDEN\n"})


def test_what_was_not_laid_down_is_not_taken_for_removed(tmp_path: Path) -> None:
    root = repository(tmp_path / "w", {"kept.ini": "a\n", "gone.ini": "g\n"})
    (root / "gone.ini").unlink()
    (tmp_path / "place").mkdir()
    before = {"kept.ini": "old\n", "gone.ini": "g\n"}

    found = difference.since_texts(tmp_path / "place", root, before)
    assert ["gone.ini"] == [it.path for it in found]
