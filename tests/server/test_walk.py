"""Which files a walk yields: by example, and for any tree by what git says."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spark_lsp.core.exclusion import SIZE_LIMIT
from spark_lsp.server.walk import Judge, Reader, allowed, read, read_bytes, walk

GIT = shutil.which("git")
Tree = Mapping[str, str]


def plant(root: Path, tree: Tree) -> None:
    """Write files by their relative path."""
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, "utf-8")


def walked(root: Path) -> list[str]:
    return [entry.path for entry in walk(root)]


def sources(root: Path) -> list[str]:
    """Return what is walked, without the ignore files."""
    return [path for path in walked(root) if not path.endswith("ignore")]


@pytest.mark.parametrize(
    ("ignore", "kept"),
    [
        pytest.param({}, "a.py b.log lib/a.py lib/b.log lib/deep/a.py lib/deep/b.log", id="none"),
        pytest.param({"": "*.log"}, "a.py lib/a.py lib/deep/a.py", id="anywhere"),
        pytest.param(
            {"": "/b.log"}, "a.py lib/a.py lib/b.log lib/deep/a.py lib/deep/b.log", id="anchored"
        ),
        pytest.param(
            {"": "lib/*.log"}, "a.py b.log lib/a.py lib/deep/a.py lib/deep/b.log", id="one level"
        ),
        pytest.param({"": "lib/**/*.log"}, "a.py b.log lib/a.py lib/deep/a.py", id="any level"),
        pytest.param({"": "deep/"}, "a.py b.log lib/a.py lib/b.log", id="directory"),
        pytest.param({"": "a.py/"}, "a.py b.log lib/a.py lib/b.log lib/deep/a.py lib/deep/b.log",
                     id="directories only"),
        pytest.param({"": "*.log", "lib/": "!b.log"}, "a.py lib/a.py lib/b.log lib/deep/a.py "
                     "lib/deep/b.log", id="taken back below"),
        pytest.param({"": "*.log\n!/lib/b.log"}, "a.py lib/a.py lib/b.log lib/deep/a.py",
                     id="taken back"),
        pytest.param({"": "lib/", "lib/": "!a.py"}, "a.py b.log",
                     id="nothing comes back out of an ignored directory"),
        pytest.param({"": "/*\n!/lib\n/lib/*\n!/lib/deep"}, "lib/deep/a.py lib/deep/b.log",
                     id="all but one directory"),
        pytest.param({"lib/": "/deep"}, "a.py b.log lib/a.py lib/b.log",
                     id="anchored to its directory"),
        pytest.param({"": "# *.py\n\n   \n*.log   \n\\#x\n"}, "a.py lib/a.py lib/deep/a.py",
                     id="comments and spaces"),
        pytest.param({"": "*.log\r\nb.x\r\n"}, "a.py lib/a.py lib/deep/a.py", id="CRLF"),
        pytest.param({"": "[\n*.log"}, "a.py lib/a.py lib/deep/a.py", id="one bad pattern"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", [".gitignore", ".sparkignore"])
def test_ignore_files_are_obeyed(
    tmp_path: Path, name: str, ignore: dict[str, str], kept: str
) -> None:
    files = [base + leaf for base in ("", "lib/", "lib/deep/") for leaf in ("a.py", "b.log")]
    plant(tmp_path, dict.fromkeys(files, "x = 1\n"))
    plant(tmp_path, {base + name: patterns for base, patterns in ignore.items()})

    assert kept.split() == sources(tmp_path)
    assert kept.split() == [path for path in sorted(files, key=level) if allowed(tmp_path, path)]


def level(path: str) -> tuple[int, str]:
    return path.count("/"), path


@pytest.mark.parametrize("first_line", ["\ufeff*.log", "\x0c\n*.log", "a\u2028b\n*.log"])
def test_an_ignore_file_is_read_as_git_reads_it(tmp_path: Path, first_line: str) -> None:
    """Git skips a byte order mark, and its lines end at LF only."""
    plant(tmp_path, {".gitignore": first_line + "\n", "b.log": "", "a.py": "", "b": "", "a": ""})

    assert ["a", "a.py", "b"] == sources(tmp_path)


def test_what_git_excludes_for_this_clone_alone_is_left_out(tmp_path: Path) -> None:
    plant(tmp_path, {".git/info/exclude": "private/\n*.log\n", "a.py": "", "private/b.py": ""})
    plant(tmp_path, {".gitignore": "!c.log\n", "b.log": "", "c.log": ""})

    assert ["a.py", "c.log"] == sources(tmp_path)
    assert not allowed(tmp_path, "private/b.py")
    assert not allowed(tmp_path, "b.log")


def test_what_is_ignored_above_the_workspace_in_its_repository_is_left_out(tmp_path: Path) -> None:
    repository, root = tmp_path / "repository", tmp_path / "repository" / "web" / "app"
    left_out = ["by_name.py", "lib/by_name.py", "by_path.py", "by_git.py", "by_us.py", "twice.py"]
    plant(tmp_path, {".gitignore": "a.py\n"})
    plant(
        repository,
        {
            ".git/info/exclude": "/web/app/by_git.py\n",
            ".gitignore": "by_name.py\n/web/app/by_path.py\ntaken_back.py\n",
            "web/.gitignore": "!taken_back.py\ntwice.py\n",
            "web/.sparkignore": "/app/by_us.py\n",
        },
    )
    plant(root, dict.fromkeys([*left_out, "a.py", "lib/by_path.py", "taken_back.py"], ""))

    assert ["a.py", "taken_back.py", "lib/by_path.py"] == walked(root)
    assert not [path for path in left_out if allowed(root, path)]
    assert allowed(root, "lib/by_path.py")


def test_a_workspace_that_its_repository_ignores_has_been_opened_all_the_same(
    tmp_path: Path,
) -> None:
    plant(tmp_path, {".git/HEAD": "", ".gitignore": "scratch/\n*.log\n", "scratch/a.py": ""})
    plant(tmp_path, {"scratch/b.log": ""})

    assert ["a.py"] == walked(tmp_path / "scratch")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + "/a.py", "a.py/b.py", "\0"])
def test_no_name_that_cannot_be_looked_at_is_an_error(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {"a.py": ""})

    assert Judge(tmp_path).entry(name) is None
    assert [] == list(walk(tmp_path, name))


def test_secrets_and_vendored_trees_are_left_out_even_when_nothing_ignores_them(
    tmp_path: Path,
) -> None:
    unwanted = [
        ".env", ".env.local", "id_rsa", "deep/credentials.json", "server.pem",
        "node_modules/a.js", "web/node_modules/a.js", "vendor/a.go", ".venv/a.py", ".git/a.py",
        "app.min.js", "Cargo.lock",
    ]  # fmt: skip
    plant(tmp_path, dict.fromkeys([*unwanted, "a.py", "web/a.js"], "x"))

    assert ["a.py", "web/a.js"] == walked(tmp_path)
    assert not [path for path in unwanted if allowed(tmp_path, path)]


def test_negation_does_not_bring_back_a_secret(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "!.env\n!node_modules/\n", ".env": "", "node_modules/a.js": ""})

    assert [".gitignore"] == walked(tmp_path)


def test_what_git_ignores_is_not_brought_back_by_a_sparkignore(tmp_path: Path) -> None:
    """What is ignored by either of the two is never sent: each can only take away."""
    plant(tmp_path, {".gitignore": "private.py\n", "private.py": "", "lib/private.py": ""})
    plant(tmp_path, {".sparkignore": "!private.py\n", "lib/.sparkignore": "!private.py\n"})

    assert [] == sources(tmp_path)
    assert not allowed(tmp_path, "private.py")
    assert not allowed(tmp_path, "lib/private.py")


@pytest.mark.parametrize(
    ("git", "spark", "kept"),
    [
        ({"": "*.py"}, {"": "!a.py"}, ""),
        ({"": "!a.py"}, {"": "*.py"}, ""),
        ({"": "a.py", "lib/": "!a.py"}, {"": "b.py"}, "lib/a.py"),
        ({"": "lib/"}, {"": "b.py\n!lib/"}, "a.py"),
    ],
)
def test_a_file_is_left_out_if_either_kind_of_ignore_file_says_so(
    tmp_path: Path, git: dict[str, str], spark: dict[str, str], kept: str
) -> None:
    files = ["a.py", "b.py", "lib/a.py", "lib/b.py"]
    plant(tmp_path, dict.fromkeys(files, ""))
    plant(tmp_path, {base + ".gitignore": patterns for base, patterns in git.items()})
    plant(tmp_path, {base + ".sparkignore": patterns for base, patterns in spark.items()})

    assert kept.split() == sources(tmp_path)
    assert kept.split() == [path for path in files if allowed(tmp_path, path)]


def test_what_a_negation_says_of_a_directory_does_not_bring_back_what_is_in_it(
    tmp_path: Path,
) -> None:
    plant(tmp_path, {".gitignore": "private\n!docs\n", "docs/private/plan.py": "", "docs/a.py": ""})

    assert ["docs/a.py"] == sources(tmp_path)
    assert not allowed(tmp_path, "docs/private/plan.py")


@pytest.mark.timeout(20)
def test_an_ignore_file_that_is_something_else_keeps_nobody_waiting(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "lib/b.py": "", "else/c.py": "", "real": "*.py\n"})
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / ".sparkignore").symlink_to("/dev/zero")
    (tmp_path / "lib/.gitignore").symlink_to(tmp_path / "real")
    (tmp_path / "else/.gitignore").mkdir()
    open_before = descriptors()

    assert ["a.py", "real", "else/c.py", "lib/b.py"] == sources(tmp_path)
    assert allowed(tmp_path, "lib/b.py")
    assert open_before == descriptors()


def descriptors() -> int:
    here = Path("/proc/self/fd")
    return len(list(here.iterdir())) if here.is_dir() else 0


def test_of_a_huge_ignore_file_the_beginning_is_obeyed(tmp_path: Path) -> None:
    lines = "a.py\n" + "#" * (SIZE_LIMIT - 10) + "\nb.py\nc.py\n"
    plant(tmp_path, {".gitignore": lines, "a.py": "", "b.py": "", "c.py": ""})

    assert "a.py" not in walked(tmp_path)
    assert {"b.py", "c.py"} <= set(walked(tmp_path))


def test_a_part_of_a_workspace_is_walked_as_it_is_in_the_whole(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "*.log\nshut/\n", "lib/.gitignore": "!b.log", "a.py": ""})
    plant(tmp_path, {"lib/b.log": "", "lib/c.py": "", "lib/deep/d.py": "", "lib/deep/x.log": ""})
    plant(tmp_path, {"shut/e.py": "", "node_modules/f.js": ""})
    (tmp_path / "link").symlink_to(tmp_path / "lib", target_is_directory=True)

    def part(folder: str) -> list[str]:
        return [entry.path for entry in walk(tmp_path, folder)]

    assert [path for path in walked(tmp_path) if path.startswith("lib/")] == part("lib")
    assert ["lib/deep/d.py"] == part("lib/deep")
    for folder in ("shut", "node_modules", "a.py", "gone", "link", "..", "lib/..", "/", "lib/"):
        assert [] == part(folder)


def test_a_walk_that_has_ended_yields_no_more(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "lib/b.py": ""})
    asked = iter([False, True])

    assert ["a.py"] == [it.path for it in walk(tmp_path, ended=lambda: next(asked))]


def test_each_ignore_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {f"lib/{number}/a.py": "" for number in range(10)})
    plant(tmp_path, {".gitignore": "", "lib/.gitignore": "", ".git/info/exclude": ""})
    opened: list[str] = []
    really = os.open

    def note(path: str, flags: int) -> int:
        opened.append(path)
        return really(path, flags)

    monkeypatch.setattr(os, "open", note)
    walked(tmp_path)

    assert 4 == len(opened), "one more is looked for: `.spark-lsp.toml`"


def test_a_name_that_is_no_utf_8_is_left_out(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": ""})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).touch()
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "b.py").touch()

    assert ["a.py"] == walked(tmp_path)
    assert not allowed(tmp_path, "caf\udce9.py")
    assert not allowed(tmp_path, "caf\udce9/b.py")


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "../outside.py", "lib/../../outside.py", "/etc/hostname", "a.py/", "lib//b.py",
     "./a.py", "a\0.py", "lone\ud800.py", "d/" * 3000 + "a.py", "link.py", "away/outside.py",
     "pipe.py", "lib"],
)  # fmt: skip
@pytest.mark.timeout(20)
def test_nothing_is_read_but_ordinary_files_below_the_root(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    plant(root, {"a.py": "x", "lib/b.py": "x"})
    plant(tmp_path, {"outside.py": "x", "away/outside.py": "x"})
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "away").symlink_to(tmp_path / "away", target_is_directory=True)
    os.mkfifo(root / "pipe.py")
    judge = Judge(root)
    reader = Reader(root)

    assert read(root, path) is None
    assert judge.entry(path) is None
    for _ in range(2):
        assert reader.read_bytes(path) is None
        assert b"x" == reader.read_bytes("lib/b.py") == reader.read_bytes("a.py")
    reader.close()
    assert "x" == read(root, "a.py") == read(root, "lib/b.py")
    assert list(walk(root)) == [judge.entry("a.py"), judge.entry("lib/b.py")]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    plant(tmp_path / "real", {"lib/a.py": "x"})
    root = tmp_path / "link"
    root.symlink_to(tmp_path / "real", target_is_directory=True)

    assert ["lib/a.py"] == walked(root)
    assert "x" == read(root, "lib/a.py")
    assert b"x" == Reader(root).read_bytes("lib/a.py")
    assert Judge(root).entry("lib/a.py")


def test_a_folder_that_is_being_read_is_the_one_that_was_checked(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plant(root, {"lib/a.py": "inside", "lib/b.py": "inside"})
    plant(tmp_path, {"away/b.py": "outside"})
    reader = Reader(root)
    assert b"inside" == reader.read_bytes("lib/a.py")
    (root / "lib").rename(root / "moved")
    (root / "lib").symlink_to(tmp_path / "away", target_is_directory=True)

    assert b"inside" == reader.read_bytes("lib/b.py")
    assert None is Reader(root).read_bytes("lib/b.py")


@pytest.mark.parametrize("size", [0, 1, SIZE_LIMIT, SIZE_LIMIT + 1, SIZE_LIMIT + 2])
def test_of_a_large_file_one_byte_more_than_the_limit_is_read(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * size)
    content = b"x" * min(size, SIZE_LIMIT + 1)

    assert content == read_bytes(tmp_path, "a.txt") == Reader(tmp_path).read_bytes("a.txt")


def test_what_a_walk_leaves_out_is_told_with_its_directory_and_the_reason(tmp_path: Path) -> None:
    paths = [
        "a.py", ".env", "b.log", "app.min.js", "node_modules/x/a.js", "node_modules/b.js",
        ".git/config", "lib/a.log", "lib/b.log", "lib/c.py", "lib/__pycache__/c.pyc",
        "out.log/a.py", "lib/.ssh/config",
    ]  # fmt: skip
    plant(tmp_path, dict.fromkeys(paths, "x") | {".gitignore": "*.log\n"})
    (tmp_path / "lib/huge.txt").write_bytes(b"x" * (SIZE_LIMIT + 1))
    told: list[tuple[str, str]] = []
    entries = list(walk(tmp_path, skipped=lambda *it: told.append(it)))

    assert [".gitignore", "a.py", "lib/c.py"] == [entry.path for entry in entries]
    assert [
        ("", "generated"), ("", "ignored"), ("", "ignored"), ("", "secret by name"),
        ("", "vendored directory"), ("lib", "generated directory"), ("lib", "ignored"),
        ("lib", "ignored"), ("lib", "secret by name"), ("lib", "too large"),
    ] == sorted(told)  # fmt: skip


def test_what_is_opened_through_a_link_is_allowed_if_what_is_behind_it_is(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plant(root, {".gitignore": "private/\n", "private/a.py": "", "lib/b.py": ""})
    plant(tmp_path, {"c.py": "", ".env": ""})
    (root / "through").symlink_to(root / "private", target_is_directory=True)
    (root / "into").symlink_to(root / "lib", target_is_directory=True)
    (root / "out.py").symlink_to(tmp_path / "c.py")
    (root / "settings.py").symlink_to(tmp_path / ".env")
    (root / "hosts.txt").symlink_to(tmp_path / ".ssh" / "config")

    assert not allowed(root, "through/a.py")
    assert allowed(root, "into/b.py")
    assert allowed(root, "out.py")
    assert not allowed(root, "settings.py")
    assert not allowed(root, "hosts.txt")


def test_links_are_not_followed_and_a_loop_ends(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    plant(outside, {"secret.py": "x"})
    plant(root, {"lib/a.py": "x"})
    (root / "lib" / "loop").symlink_to(root, target_is_directory=True)
    (root / "away").symlink_to(outside, target_is_directory=True)
    (root / "file.py").symlink_to(outside / "secret.py")
    (root / "dangling.py").symlink_to(root / "nowhere")

    assert ["lib/a.py"] == walked(root)


def test_other_things_than_files_are_left_out(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "x"})
    os.mkfifo(tmp_path / "pipe.py")

    assert ["a.py"] == walked(tmp_path)


def test_a_file_over_the_limit_is_left_out(tmp_path: Path) -> None:
    plant(tmp_path, {"at.py": "x" * SIZE_LIMIT, "over.py": "x" * (SIZE_LIMIT + 1)})

    assert ["at.py"] == walked(tmp_path)
    assert SIZE_LIMIT == len(read(tmp_path, "at.py") or "")
    assert read(tmp_path, "over.py") is None


def test_a_root_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    plant(tmp_path, {"file": "x"})

    assert [] == walked(tmp_path / "nowhere")
    assert [] == walked(tmp_path / "file")


def test_a_directory_that_cannot_be_read_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told apart from its rights, which mean nothing to root."""
    plant(tmp_path, {"a.py": "x", "closed/b.py": "x", "open/c.py": "x"})
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert ["a.py", "open/c.py"] == walked(tmp_path)


def test_an_ignore_file_that_is_a_directory_ignores_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore/x": "*", "a.py": "x"})

    assert ["a.py", ".gitignore/x"] == walked(tmp_path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = 1\r\n", "x = 1\r\n"),
        ("größe 😀\n".encode(), "größe 😀\n"),
        (b"caf\xe9\n", "caf\ufffd\n"),
        (b"\x7fELF\0\0", None),
        ("utf-16".encode("utf-16"), None),
        (b"", ""),
    ],
)
def test_any_bytes_are_read_as_text_or_not_at_all(
    tmp_path: Path, content: bytes, text: str | None
) -> None:
    (tmp_path / "a.py").write_bytes(content)

    assert text == read(tmp_path, "a.py")


def test_what_is_gone_or_no_file_has_no_text(tmp_path: Path) -> None:
    assert read(tmp_path, "gone.py") is None
    assert read(tmp_path, ".") is None


def test_a_walk_goes_breadth_first_in_name_order_and_tells_size_and_time(tmp_path: Path) -> None:
    plant(tmp_path, {"z.py": "xyz", "b/a.py": "x", "a/z.py": "x", "a/b/c.py": "x", "B.py": ""})
    entries = list(walk(tmp_path))
    stat = (tmp_path / "z.py").stat()

    assert ["B.py", "z.py", "a/z.py", "b/a.py", "a/b/c.py"] == [it.path for it in entries]
    assert (3, stat.st_mtime_ns) == (entries[1].size, entries[1].changed)


DIRECTORIES = ["", "a/", "b/", "a/b/", "a/c/", "a/b/c/"]
LEAVES = ["a", "b", "x.py", "y.log"]
PATTERNS = [
    "a", "b", "/a", "/b", "a/", "b/", "c/", "*.log", "*.py", "!*.py", "!*.log", "!a", "!b", "!b/",
    "!c", "/a/b", "a/b", "a/*", "/*", "*", "!*/", "**/c", "a/**", "!a/**", "**/b/**", "x.*",
    "!x.py", "/a/**/x.py", "[ab]", "?", "!/a/b/", "\\!x", " ", "# a", "*/y.log", "!a/b",
]  # fmt: skip
rules = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=4).map("\n".join)
trees = st.fixed_dictionaries(
    {
        "files": st.sets(
            st.tuples(st.sampled_from(DIRECTORIES), st.sampled_from(LEAVES)).map("".join),
            min_size=1,
        ),
        "ignore": st.dictionaries(st.sampled_from(DIRECTORIES), rules, max_size=3),
        "exclude": st.just("") | rules,
    }
)


def consistent(files: set[str]) -> list[str]:
    """Return the files that can stand beside each other: none is another's directory."""
    parents = {f"{path[:at]}" for path in files for at, char in enumerate(path) if char == "/"}
    return sorted(files - parents)


@given(trees, st.sampled_from([".gitignore", ".sparkignore"]))
@settings(max_examples=200)
def test_a_file_is_allowed_exactly_if_a_walk_yields_it(tree: dict[str, object], name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        files = grow(root, tree, name)

        assert set(walked(root)) == {path for path in files if allowed(root, path)}


@pytest.mark.skipif(GIT is None, reason="git is not installed")
@given(trees)
@settings(max_examples=60)
@example({"files": {"a/b/y.log"}, "ignore": {"": "*.log", "a/": "!b"}, "exclude": ""})
def test_a_walk_yields_what_git_would_list(tree: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        git(root, "init", "--quiet")
        grow(root, tree, ".gitignore")
        listed = git(root, "ls-files", "-co", "--exclude-standard", "-z").split("\0")

        assert sorted(filter(None, listed)) == sorted(walked(root))


def grow(root: Path, tree: dict[str, object], name: str) -> list[str]:
    """Plant a random tree and return its files."""
    files, ignore = tree["files"], tree["ignore"]
    assert isinstance(files, set)
    assert isinstance(ignore, dict)
    planted = dict.fromkeys(consistent(files), "")
    directories = {str(Path(path).parent) + "/" for path in planted} | {""}
    for base, patterns in ignore.items():
        if base in directories:
            planted[base + name] = patterns
    plant(root, planted)
    plant(root, {".git/info/exclude": str(tree["exclude"])})
    return list(planted)


def git(root: Path, *arguments: str) -> str:
    """Run git without anything of the person's own configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(root.parent),
    }
    done = subprocess.run(
        [str(GIT), *arguments], cwd=root, env=environment, check=True, capture_output=True
    )
    return done.stdout.decode()


def test_a_repository_excludes_files_by_its_own_settings(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "lib/b.py": "", "lib/gen/c.py": "", ".gitignore": "!/lib/gen/"})
    (tmp_path / ".spark-lsp.toml").write_text('exclude = ["/lib/gen/", "a.py"]\n', "utf-8")

    assert ["lib/b.py"] == [path for path in sources(tmp_path) if not path.startswith(".")]
    assert not allowed(tmp_path, "a.py")
    assert allowed(tmp_path, "lib/b.py")


@pytest.mark.parametrize(
    "content", ["exclude = 5", "exclude = [", "\0", 'model = "x"\nexclude = ["*"]']
)
def test_settings_of_a_repository_with_mistakes_stop_no_walk(tmp_path: Path, content: str) -> None:
    plant(tmp_path, {"a.py": "", ".spark-lsp.toml": content})

    assert "a.py" in walked(tmp_path)
