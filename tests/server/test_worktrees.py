"""Places for tasks, with a real git: what is laid down, what comes back, and what is left alone."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import pytest

from spark_lsp.core.tasks.merging import applied
from spark_lsp.core.tasks.patch import patched
from spark_lsp.core.tasks.reasons import Account
from spark_lsp.server.baseline import Baseline
from spark_lsp.server.laying import Limits
from spark_lsp.server.worktrees import Place, PlaceError, Worktrees, location

KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzk9Qw3rT5v"
SECRET = f'aws_secret_access_key = "{KEY}"\n'
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false")


def git(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run git as the person does, or in the environment of a place."""
    done = subprocess.run(
        ["git", *IDENTITY, *arguments],
        cwd=folder,
        env=dict(environment) if environment else None,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """Make a repository with one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    write(folder, files)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def there(folder: Path) -> dict[str, str]:
    """Return the files of a place."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in found
        if ".git" not in path.relative_to(folder).parts
    }


def kept(root: Path) -> tuple[object, ...]:
    """Return all of a person's repository that must not change."""
    own = root / ".git"
    index = own / "index"
    return (
        index.read_bytes() if index.exists() else b"",
        (own / "HEAD").read_bytes(),
        (own / "config").read_bytes(),
        git(root, "for-each-ref"),
        git(root, "stash", "list"),
        there(root),
    )


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[Worktrees]:
    with closing(Worktrees(tmp_path / "state")) as made:
        yield made


# --- What is laid down ----------------------------------------------------------------------------


async def test_a_place_is_a_detached_worktree_with_what_the_person_sees_now(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", "b.py": "b\n", "gone.py": "x\n"})
    write(root, {"a.py": "changed\n", "new.py": "new\n"})
    (root / "gone.py").unlink()

    place = await trees.make(root, {"b.py": "typed\r\n", "typed.py": "unsaved\n"})

    expected = {
        "a.py": "changed\n",
        "b.py": "typed\r\n",
        "new.py": "new\n",
        "typed.py": "unsaved\n",
    }
    assert expected == there(place.folder)
    assert git(root, "rev-parse", "HEAD") == git(place.folder, "rev-parse", "HEAD")
    assert "HEAD\n" == git(place.folder, "rev-parse", "--abbrev-ref", "HEAD")
    assert "" == place.note
    assert place.tree.is_relative_to(tmp_path / "state")


async def test_the_persons_repository_stays_as_it_is(tmp_path: Path, trees: Worktrees) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", "b.py": "b\n"})
    write(root, {"a.py": "stashed\n"})
    git(root, "stash", "-q")
    write(root, {"a.py": "staged\n", "c.py": "c\n"})
    git(root, "add", "a.py")
    write(root, {"a.py": "and more\n"})
    before = kept(root)

    place = await trees.make(root, {"b.py": "typed\n"})
    write(place.folder, {"a.py": "by the task\n"})
    await trees.collect(place, root)

    assert before == kept(root)
    await trees.remove(place)
    assert before == kept(root)
    assert 1 == len(git(root, "worktree", "list").splitlines())
    assert not (root / ".git" / "worktrees").exists()
    assert not place.home.exists()


async def test_what_a_task_must_not_see_is_not_there(tmp_path: Path, trees: Worktrees) -> None:
    files = {
        ".sparkignore": "private/\n*.plan\n",
        ".spark-lsp.toml": 'exclude = ["legacy/**"]\n',
        ".gitignore": "ignored.txt\n",
        "a.py": "a\n",
        ".env": "PASSWORD=x\n",
        "keys/server.pem": "x\n",
        "vendor/.env": "x\n",
        "vendor/lib.go": "package lib\n",
        "vendor/deep/x.plan": "x\n",
        "vendor/shut/.sparkignore": "*\n",
        "vendor/shut/y.go": "y\n",
        "private/notes.md": "x\n",
        "the.plan": "x\n",
        "legacy/old.py": "x\n",
        "config.py": SECRET,
        "ignored.txt": "x\n",
        "package-lock.json": "{}\n",
    }
    root = repository(tmp_path / "w", files)

    place = await trees.make(root, {"b.py": SECRET, ".env.local": "x\n", "private/b.md": "x\n"})

    allowed = {".sparkignore", ".spark-lsp.toml", ".gitignore", "a.py", "vendor/lib.go"}
    assert allowed | {"package-lock.json", "config.py", "b.py"} == there(place.folder).keys()
    withheld = files.keys() - there(place.folder).keys() - {"ignored.txt"}
    assert withheld | {".env.local", "private/b.md"} == place.withheld.keys()
    assert {"config.py", "b.py"} == place.masked


async def test_secrets_are_nowhere_in_a_place(tmp_path: Path, trees: Worktrees) -> None:
    root = repository(tmp_path / "w", {"config.py": SECRET, "old.txt": "x\n"})
    (root / "latin.txt").write_bytes("größe ".encode("latin-1") + SECRET.encode())

    place = await trees.make(root, {"typed.py": f"a = 1\r\n{SECRET}"})

    shown = SECRET.replace(KEY, "*" * len(KEY))
    expected = {"config.py": shown, "old.txt": "x\n", "typed.py": f"a = 1\r\n{shown}"}
    assert expected == there(place.folder)
    assert {"latin.txt": "holds a secret, and is not in UTF-8"} == place.withheld
    for path in filter(Path.is_file, place.home.rglob("*")):
        assert KEY.encode() not in path.read_bytes(), path
    with closing(Baseline(place.home)) as baseline:
        began = {path: text.decode() for path, text in baseline.contents(expected)}
    assert expected == began


async def test_git_in_the_place_takes_no_mask_for_a_change(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"config.py": SECRET, "a.py": "a\n"})

    place = await trees.make(root, {"a.py": "A\n"})

    assert " M a.py\n" == git(place.folder, "status", "--porcelain")
    assert KEY not in git(place.folder, "diff", "HEAD")


async def test_git_in_the_place_does_not_miss_what_is_not_there(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", ".env": "x\n", "gone.py": "x\n"})
    write(root, {"new.py": "new\n"})

    place = await trees.make(root, {"a.py": "typed\n"})

    assert " M a.py\n?? new.py\n" == git(place.folder, "status", "--porcelain")


async def test_paths_may_hold_blanks_line_ends_and_any_letters(
    tmp_path: Path, trees: Worktrees
) -> None:
    files = {"a b.py": "1\n", "line\nend.py": "2\n", "größe/日本 😀.py": "3\n", '"q"\t.py': "4\n"}
    root = repository(tmp_path / "w x\ny", files)

    place = await trees.make(root, {})
    write(place.folder, dict.fromkeys(files, "task\n"))

    assert files == (await trees.collect(place, root)).base
    assert "" == place.note


async def test_of_a_workspace_inside_of_a_repository_only_the_workspace_is_there(
    tmp_path: Path, trees: Worktrees
) -> None:
    top = repository(
        tmp_path / "w",
        {"a.py": "a\n", "sub/b.py": "b\n", "sub/c.md": "c\n", ".sparkignore": "*.md\n"},
    )

    place = await trees.make(top / "sub", {})

    assert (place.tree / "sub", {"b.py": "b\n"}) == (place.folder, there(place.folder))
    assert {"sub/b.py": "b\n"} == there(place.tree)
    assert {"c.md"} == place.withheld.keys()
    assert "" == git(place.folder, "status", "--porcelain")


async def test_a_worktree_may_itself_be_the_workspace(tmp_path: Path, trees: Worktrees) -> None:
    top = repository(tmp_path / "w", {"a.py": "a\n"})
    git(top, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    write(tmp_path / "linked", {"a.py": "other\n"})
    git(tmp_path / "linked", "commit", "-qam", "other")

    place = await trees.make(tmp_path / "linked", {})

    assert {"a.py": "other\n"} == there(place.folder)
    assert git(tmp_path / "linked", "rev-parse", "HEAD") == git(place.folder, "rev-parse", "HEAD")
    await trees.remove(place)
    assert 2 == len(git(top, "worktree", "list").splitlines())


async def test_the_rest_of_a_sparse_checkout_is_not_fetched_in(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"in/a.py": "a\n", "out/b.py": "b\n"})
    git(root, "sparse-checkout", "set", "in")
    before = kept(root)

    place = await trees.make(root, {})

    assert {"in/a.py": "a\n"} == there(place.folder)
    assert "" == git(place.folder, "status", "--porcelain")
    assert before == kept(root)


async def test_submodules_and_nested_repositories_are_left_out(
    tmp_path: Path, trees: Worktrees
) -> None:
    inner = repository(tmp_path / "inner", {"i.py": "i\n"})
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    allowed = ("-c", "protocol.file.allow=always")
    git(root, *allowed, "submodule", "add", "-q", str(inner), "module")
    git(root, "commit", "-qam", "module")
    repository(root / "nested", {"n.py": "n\n"})

    place = await trees.make(root, {})

    assert {"a.py", ".gitmodules"} == there(place.folder).keys()
    assert not (await trees.collect(place, root)).left


async def test_links_that_lead_out_are_not_made(tmp_path: Path, trees: Worktrees) -> None:
    write(tmp_path, {"outside/secret.txt": "secret\n"})
    root = repository(tmp_path / "w", {"a.py": "a\n", "d/b.py": "b\n"})
    for name, leads in {
        "inside": "d/b.py",
        "d/up": "../a.py",
        "folder": "d",
        "out": "../outside/secret.txt",
        "absolute": str(tmp_path / "outside"),
        "round": "d/../../outside",
        "by": "folder/../../outside/secret.txt",
    }.items():
        (root / name).symlink_to(leads)

    place = await trees.make(root, {})

    links = {
        it.relative_to(place.folder).as_posix() for it in place.folder.rglob("*") if it.is_symlink()
    }
    assert {"inside", "d/up", "folder"} == links
    assert {"a.py": "a\n", "d/b.py": "b\n"} == there(place.folder)
    assert not (await trees.collect(place, root)).left


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such right")
async def test_what_may_be_run_may_be_run_there_too(tmp_path: Path, trees: Worktrees) -> None:
    root = repository(tmp_path / "w", {"run.sh": "#!/bin/sh\n", "a.py": "a\n"})
    (root / "run.sh").chmod(0o755)

    place = await trees.make(root, {})

    assert os.access(place.folder / "run.sh", os.X_OK)
    assert not (place.folder / "a.py").stat().st_mode & 0o111
    assert 0o700 == place.home.stat().st_mode & 0o777


async def test_nothing_that_the_repository_names_is_run(tmp_path: Path, trees: Worktrees) -> None:
    root = repository(
        tmp_path / "w", {"a.py": "a\n", ".gitattributes": "* filter=evil diff=evil\n"}
    )
    ran = tmp_path / "ran"
    evil = f"sh -c 'echo run >>\"{ran}\"; cat'"
    for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-commit"):
        hook = root / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >>'{ran}'\n", "utf-8")
        hook.chmod(0o755)
    config = {
        "core.fsmonitor": evil, "filter.evil.clean": evil, "filter.evil.smudge": evil,
        "filter.evil.process": evil, "filter.evil.required": "true", "diff.evil.textconv": evil,
        "core.sshCommand": evil, "diff.external": evil, "core.pager": evil,
        "core.hooksPath": str(root / ".git" / "hooks"),
    }  # fmt: skip
    with (root / ".git" / "config").open("a", encoding="utf-8") as file:
        for name, value in config.items():
            section, _, key = name.rpartition(".")
            first, _, second = section.partition(".")
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            title = f'{first} "{second}"' if second else first
            file.write(f'[{title}]\n\t{key} = "{quoted}"\n')

    place = await trees.make(root, {"a.py": "typed\n"})
    for command in (["status"], ["diff"], ["add", "-A"], ["commit", "-qm", "x"]):
        git(place.folder, *command, environment=place.surroundings(os.environ))
    await trees.collect(place, root)
    await trees.remove(place)

    assert not ran.exists(), ran.read_text("utf-8")
    with suppress(subprocess.CalledProcessError):
        git(root, "status")
    assert ran.exists(), "git does run it where nobody prevents that"


async def test_variables_that_point_at_another_repository_do_not_count(
    tmp_path: Path, trees: Worktrees, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    other = repository(tmp_path / "other", {"b.py": "b\n"})
    before = kept(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))

    place = await trees.make(root, {})

    monkeypatch.undo()
    assert {"a.py": "a\n"} == there(place.folder)
    assert before == kept(other)


# --- Where there is no repository that serves -----------------------------------------------------


async def test_without_a_repository_a_place_is_a_copy(tmp_path: Path, trees: Worktrees) -> None:
    root = tmp_path / "w"
    write(
        root, {"a.py": "a\n", ".env": "x\n", "node_modules/m.js": "m\n", ".sparkignore": "*.md\n"}
    )
    write(root, {"b.md": "b\n"})

    place = await trees.make(root, {"a.py": "typed\n"})

    assert {"a.py": "typed\n", ".sparkignore": "*.md\n"} == there(place.folder)
    assert "The task works in a copy: the workspace is in no repository of git." == place.note
    write(place.folder, {"b.md": "b\n", "c.py": "c\n"})
    back = await trees.collect(place, root)
    assert ({}, {"c.py": "c\n"}, ["b.md"]) == (back.base, back.task, list(back.left))


async def test_a_repository_without_a_commit_gives_a_copy(tmp_path: Path, trees: Worktrees) -> None:
    root = tmp_path / "w"
    write(root, {"a.py": "a\n"})
    git(root, "init", "-q")

    place = await trees.make(root, {})

    assert "The task works in a copy: the repository has no commit yet." == place.note
    assert {"a.py": "a\n"} == there(place.folder)


async def test_without_git_a_place_is_a_copy(
    tmp_path: Path, trees: Worktrees, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    monkeypatch.setenv("PATH", str(tmp_path))

    place = await trees.make(root, {})

    assert "The task works in a copy: there is no git on this machine." == place.note
    assert {"a.py": "a\n"} == there(place.folder)


async def test_a_git_that_would_not_listen_is_not_used(
    tmp_path: Path, trees: Worktrees, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    write(tmp_path, {"bin/git": "#!/bin/sh\necho git version 2.30.9\n"})
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    place = await trees.make(root, {})

    assert "git is older than 2.31" in place.note
    assert {"a.py": "a\n"} == there(place.folder)


async def test_a_repository_of_which_a_part_is_missing_gives_a_copy(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", "d/b.py": "b\n"})
    lost = git(root, "rev-parse", "HEAD:d").strip()
    (root / ".git" / "objects" / lost[:2] / lost[2:]).unlink()

    place = await trees.make(root, {})

    assert place.note.startswith("The task works in a copy: git read-tree failed")
    assert {"a.py": "a\n", "d/b.py": "b\n"} == there(place.folder)
    assert not (root / ".git" / "worktrees").exists()


async def test_a_git_that_lies_in_the_workspace_is_not_run(
    tmp_path: Path, trees: Worktrees, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", "git": "#!/bin/sh\ntouch ran\n"})
    (root / "git").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(root)]))

    place = await trees.make(root, {})

    assert place.note
    assert not (root / "ran").exists()


async def test_a_bare_repository_is_refused_in_a_sentence(tmp_path: Path, trees: Worktrees) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")

    with pytest.raises(PlaceError, match=r"the workspace is a bare repository: there are no files"):
        await trees.make(tmp_path / "bare.git", {})

    assert [] == list((tmp_path / "state").iterdir())


@pytest.mark.parametrize("limits", [Limits(files=2), Limits(size=3)])
async def test_what_is_too_large_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, limits: Limits
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", "b.py": "b\n", "c.py": "c\n"})
    trees = Worktrees(tmp_path / "state", limits)

    with pytest.raises(PlaceError, match=r"exclude what the task does not need in \.sparkignore"):
        await trees.make(root, {})

    assert [] == list((tmp_path / "state").iterdir())
    assert 1 == len(git(root, "worktree", "list").splitlines())


async def test_a_workspace_that_holds_the_places_does_not_copy_them(
    tmp_path: Path, trees: Worktrees
) -> None:
    write(tmp_path, {"a.py": "a\n"})

    await trees.make(tmp_path, {})
    second = await trees.make(tmp_path, {})

    assert {"a.py": "a\n"} == there(second.folder)


# --- What comes back ------------------------------------------------------------------------------


async def made(tmp_path: Path, trees: Worktrees) -> tuple[Path, Place]:
    files = {
        "a.py": "a\n",
        "b.py": "b\n",
        "d/c.py": "c\n",
        "e/f.py": "f\n",
        ".sparkignore": "*.plan\n",
    }
    root = repository(tmp_path / "w", files | {".gitignore": "*.log\n", "config.py": SECRET})
    (root / "logo.png").write_bytes(b"\x89PNG\0\xff")
    return root, await trees.make(root, {"b.py": "typed\n"})


async def test_what_a_task_has_done_is_told_against_what_it_began_with(
    tmp_path: Path, trees: Worktrees
) -> None:
    root, place = await made(tmp_path, trees)
    write(place.folder, {"b.py": "typed\nmore\n", "new/x.py": "x\n", "build.log": "noise\n"})
    write(place.folder, {"__pycache__/a.pyc": "noise\n", "node_modules/m.js": "noise\n"})
    (place.folder / "d" / "c.py").rename(place.folder / "d" / "moved.py")

    back = await trees.collect(place, root)

    assert {"b.py": "typed\n", "d/c.py": "c\n"} == back.base
    assert {"b.py": "typed\nmore\n", "new/x.py": "x\n", "d/moved.py": "c\n"} == back.task
    assert {} == back.left


async def test_a_task_that_has_done_nothing_has_nothing(tmp_path: Path, trees: Worktrees) -> None:
    root, place = await made(tmp_path, trees)

    back = await trees.collect(place, root)

    assert ({}, {}, {}) == (back.base, back.task, back.left)


@pytest.mark.parametrize("path", [".env.local", ".env", "d/x.plan", ".ssh/id", "vendor/.env"])
async def test_a_change_of_what_a_task_must_not_see_is_refused(
    tmp_path: Path, trees: Worktrees, path: str
) -> None:
    root, place = await made(tmp_path, trees)
    write(place.folder, {path: "by the task\n"})
    write(place.folder, {".sparkignore": "", "vendor/lib.go": "x\n"})

    back = await trees.collect(place, root)

    assert {".sparkignore": ""} == back.task
    if path != "vendor/.env":
        assert back.left.keys() & {path, path.partition("/")[0]}
        assert all("must not see" in why for why in back.left.values())


async def test_links_of_a_task_are_neither_followed_nor_taken_over(
    tmp_path: Path, trees: Worktrees
) -> None:
    root, place = await made(tmp_path, trees)
    write(tmp_path, {"outside/f.py": "outside\n"})
    (place.folder / "a.py").unlink()
    (place.folder / "a.py").symlink_to(tmp_path / "outside" / "f.py")
    (place.folder / "e" / "f.py").unlink()
    (place.folder / "e").rmdir()
    (place.folder / "e").symlink_to(tmp_path / "outside")

    back = await trees.collect(place, root)

    assert ({}, {}) == (back.base, back.task)
    assert {"a.py", "e", "e/f.py"} == back.left.keys()


async def test_what_is_no_text_is_told_and_stays_behind(tmp_path: Path, trees: Worktrees) -> None:
    root, place = await made(tmp_path, trees)
    (place.folder / "logo.png").write_bytes(b"\x89PNG\0\xfe")
    (place.folder / "latin.txt").write_bytes("größe".encode("latin-1"))
    (place.folder / "a.py").write_bytes(b"a\0")

    back = await trees.collect(place, root)

    assert {} == back.task
    assert {"logo.png", "latin.txt", "a.py"} == back.left.keys()


async def test_another_server_can_still_tell_what_a_task_has_done(
    tmp_path: Path, trees: Worktrees
) -> None:
    root, place = await made(tmp_path, trees)
    write(place.folder, {"a.py": "task\n"})

    back = await Worktrees(tmp_path / "state").collect(place, root)

    assert ({"a.py": "a\n"}, {"a.py": "task\n"}) == (back.base, back.task)


async def test_what_a_task_has_done_comes_onto_what_the_person_has_typed_meanwhile(
    tmp_path: Path, trees: Worktrees
) -> None:
    text = "".join(f"line {at}\n" for at in range(9))
    root = repository(tmp_path / "w", {"a.py": text, "old.py": text, "moved.py": text.upper()})
    place = await trees.make(root, {"a.py": text})
    write(place.folder, {"a.py": text.replace("line 2", "task"), "new.py": "new\n"})
    write(place.folder, {"moved.py": text.upper().replace("LINE 2", "TASK")})
    (place.folder / "old.py").unlink()
    (root / "moved.py").rename(root / "elsewhere.py")
    write(root, {"old.py": text + "mine\n"})
    typed = text.replace("line 6", "typed")

    back = await trees.collect(place, root)
    sides = await trees.sides(place, root, back, {"a.py": typed})

    patch = patched(sides, Account())
    assert {"a.py": "", "elsewhere.py": "", "new.py": ""} == {
        it.path: it.objection for it in patch.files if it.path != "old.py"
    }
    assert "You have changed old.py; the task has removed it." == patch.files[-1].objection
    hunks = [piece.hunk for piece in patch.files[0].clean]
    assert typed.replace("line 2", "task") == applied(typed, hunks)


@pytest.mark.parametrize("later", [False, True])
async def test_what_a_task_was_not_shown_comes_back_in_what_it_has_done(
    tmp_path: Path, trees: Worktrees, later: bool
) -> None:
    config = f"import os\n{SECRET}\n\ndef main():\n    return 1\n"
    root = repository(tmp_path / "w", {"config.py": config, "own.py": config, "x/gone.py": SECRET})
    place = await trees.make(root, {})
    shown = there(place.folder)["config.py"]
    write(place.folder, {"config.py": shown.replace("import os", "import sys")})
    write(place.folder, {"made.py": shown.splitlines()[1], "new/own.py": shown})
    (place.folder / "own.py").unlink()
    (place.folder / "x" / "gone.py").unlink()
    write(root, {"config.py": config.replace("return 1", "return 2")})

    if later:
        trees.close()
        trees = Worktrees(tmp_path / "state")
        place = await trees.adopt(place.name)
    back = await trees.collect(place, root)
    patch = patched(await trees.sides(place, root, back, {}), Account())
    trees.close()

    changed, made, renamed, gone = patch.files
    assert not patch.conflicting
    assert ["import sys\n"] == [piece.hunk.text for piece in changed.clean]
    assert SECRET.rstrip() == made.task
    assert ("own.py", "new/own.py") == (renamed.path, renamed.target)
    assert config == renamed.person == renamed.task
    assert ("x/gone.py", "") == (gone.path, gone.objection)


async def test_a_masked_file_that_the_person_has_moved_is_found_again(
    tmp_path: Path, trees: Worktrees
) -> None:
    config = f"{SECRET}a = 1\nb = 2\nc = 3\n"
    root = repository(tmp_path / "w", {"config.py": config})
    place = await trees.make(root, {})
    shown = there(place.folder)["config.py"]
    write(place.folder, {"config.py": shown.replace("a = 1", "a = 3")})
    (root / "config.py").rename(root / "moved.py")

    back = await trees.collect(place, root)
    (change,) = patched(await trees.sides(place, root, back, {}), Account()).files

    assert ("moved.py", "") == (change.path, change.objection)
    hunks = [piece.hunk for piece in change.clean]
    assert config.replace("a = 1", "a = 3") == applied(config, hunks)


@pytest.mark.parametrize("since", ["HEAD", {"config.py": f"{SECRET}a = 1\n", "same.py": SECRET}])
async def test_a_mask_is_not_shown_as_a_change(
    tmp_path: Path, trees: Worktrees, since: str | dict[str, str]
) -> None:
    root = repository(tmp_path / "w", {"config.py": f"{SECRET}a = 1\n", "same.py": SECRET})
    write(root, {"config.py": f"{SECRET}a = 2\n", "new.py": SECRET})
    place = await trees.make(root, {})

    told, fresh = await trees.change(place, root, since)

    assert ["--- a/config.py", "+++ b/config.py"] == told.splitlines()[:2]
    assert ["-a = 1", "+a = 2"] == told.splitlines()[-2:]
    assert KEY not in told
    assert "same.py" not in told
    assert fresh == (["new.py"] if since == "HEAD" else [])


async def test_what_is_no_text_any_more_is_told_and_stays(tmp_path: Path, trees: Worktrees) -> None:
    root, place = await made(tmp_path, trees)
    write(place.folder, {"a.py": "task\n"})
    (root / "a.py").write_bytes(b"\0")

    back = await trees.collect(place, root)
    sides = await trees.sides(place, root, back, {})

    assert ({}, {}) == (sides.base, sides.task)
    assert ["a.py"] == list(back.left)


async def test_the_place_of_a_server_that_has_ended_can_be_taken_over(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"sub/a.py": "a\n", ".env": "x\n"})
    place = await trees.make(root / "sub", {})
    later = Worktrees(tmp_path / "state")
    assert place == await later.find(place.name)
    with pytest.raises(PlaceError, match="another editor works"):
        await later.adopt(place.name)
    trees.close()

    with closing(later):
        assert place == await later.adopt(place.name)
        assert [] == await trees.prune()


@pytest.mark.parametrize("name", ["spark-none", "..", "../w", ""])
async def test_what_is_no_place_is_not_taken_over(
    tmp_path: Path, trees: Worktrees, name: str
) -> None:
    write(tmp_path, {"state/x": "x", "w/x": "x"})

    with pytest.raises(PlaceError, match="are gone"):
        await trees.adopt(name)


async def test_a_place_that_has_gone_is_told_in_a_sentence(
    tmp_path: Path, trees: Worktrees
) -> None:
    root, place = await made(tmp_path, trees)
    await trees.remove(place)

    with pytest.raises(PlaceError, match="the task's files cannot be read"):
        await trees.collect(place, root)


# --- What is removed, and when --------------------------------------------------------------------

OWNER = """
import asyncio, sys
from pathlib import Path
from spark_lsp.core.tasks.merging import applied
from spark_lsp.core.tasks.patch import patched
from spark_lsp.core.tasks.reasons import Account
from spark_lsp.server.worktrees import Worktrees
place = asyncio.run(Worktrees(Path(sys.argv[1])).make(Path(sys.argv[2]), {}))
print(place.name, flush=True)
sys.stdin.read()
"""


async def test_places_of_a_server_that_was_killed_are_removed_by_the_next(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    before = kept(root)
    own = await trees.make(root, {})
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(tmp_path / "state"), str(root)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout
    name = (await other.stdout.readline()).decode().strip()
    assert [] == await trees.prune(), "it lives"
    other.kill()
    await other.communicate()

    assert [] == await trees.prune(lambda: [name]), "somebody wants what is in it"
    assert [] == await trees.prune(lambda: None), "nobody knows what is wanted"
    assert [name] == await trees.prune()

    assert [own.name] == [it.name for it in (tmp_path / "state").iterdir()]
    assert 2 == len(git(root, "worktree", "list").splitlines())
    await trees.remove(own)
    assert before == kept(root)


async def test_a_place_that_was_never_finished_is_removed_from_git_too(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    home = tmp_path / "state" / "spark-half"
    write(home, {"alive.sqlite3": ""})
    git(root, "worktree", "add", "-q", "--detach", str(home / "spark-half"))

    assert ["spark-half"] == await trees.prune()

    assert not (root / ".git" / "worktrees").exists()


async def test_other_worktrees_of_the_person_stay_also_where_they_are_out_of_reach(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "disk"))
    (tmp_path / "disk").rename(tmp_path / "unplugged")

    await trees.remove(await trees.make(root, {}))

    assert 2 == len(git(root, "worktree", "list").splitlines())


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such right")
async def test_a_place_is_removed_also_where_a_task_has_taken_rights_away(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n", "d/b.py": "b\n"})
    write(tmp_path, {"outside/keep.txt": "keep\n"})
    place = await trees.make(root, {})
    (place.folder / "out").symlink_to(tmp_path / "outside")
    (place.folder / "d").chmod(0o000)

    await trees.remove(place)

    assert not place.home.exists()
    assert {"keep.txt": "keep\n"} == there(tmp_path / "outside")


async def test_a_task_that_is_called_off_while_its_place_is_made_leaves_none(
    tmp_path: Path, trees: Worktrees
) -> None:
    root = repository(tmp_path / "w", {"a.py": "a\n"})
    making = asyncio.create_task(trees.make(root, {}))
    await asyncio.sleep(0)

    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making

    assert [] == list((tmp_path / "state").iterdir())


async def test_a_damaged_place_is_removed_too(tmp_path: Path, trees: Worktrees) -> None:
    home = tmp_path / "state" / "spark-damaged"
    write(home, {"base.sqlite3": "no database " * 99, "alive.sqlite3": "nor this " * 99})

    assert ["spark-damaged"] == await trees.prune()
    assert not home.exists()


async def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, {"file": "x"})

    with pytest.raises(PlaceError, match="no place for the task could be made: Not a directory"):
        await Worktrees(tmp_path / "file").make(tmp_path, {})


def test_places_are_kept_beside_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LSP_DATA", "/data")

    assert Path("/data/tasks") == location()
