"""What an ignore file says of a path: by example, and for any patterns what git says."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spark_lsp.core.ignore import Rules

GIT = shutil.which("git")


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        pytest.param(b"a", b"a x/a", b"ab x", id="a name at any depth"),
        pytest.param(b"/a", b"a", b"x/a", id="anchored"),
        pytest.param(b"x/a", b"x/a", b"a y/x/a", id="a slash inside anchors too"),
        pytest.param(b"a/", b"", b"a x/a", id="directories only"),
        pytest.param(b"*.py", b".py a.py x/a.py", b"a.pyc", id="star"),
        pytest.param(b"a*b*c", b"abc axxbyyc", b"ab acb xabc abcx", id="stars"),
        pytest.param(b"x/*.py", b"x/a.py", b"x/y/a.py", id="a star passes no slash"),
        pytest.param(b"?", b"a x/b", b"ab \xc3\xa4", id="a question mark is one byte"),
        pytest.param(b"[a-c]x", b"ax bx", b"dx -x x", id="range"),
        pytest.param(b"[!a-c]x", b"dx -x", b"ax", id="negated"),
        pytest.param(b"[^a]x", b"bx", b"ax", id="negated with a caret"),
        pytest.param(b"[]a]", b"] a", b"[ b", id="a bracket in brackets"),
        pytest.param(b"[a-]", b"a -", b"b", id="a hyphen at the end"),
        pytest.param(b"[\\]]", b"]", b"\\", id="escaped in brackets"),
        pytest.param(b"[[:digit:]x]", b"1 x", b": d", id="class"),
        pytest.param(b"[[:digits:]]", b"", b"1 d", id="no class"),
        pytest.param(b"[[:]", b"[ :", b"a", id="no class begun"),
        pytest.param(b"x[!y]z/*", b"", b"x/z/a", id="brackets never fit a slash"),
        pytest.param(b"**/a", b"a x/a x/y/a", b"xa", id="at any depth"),
        pytest.param(b"x/**/a", b"x/a x/y/a x/y/z/a", b"a x/ya", id="any directories between"),
        pytest.param(b"x/**", b"x/a x/y/a", b"x y/x", id="all below"),
        pytest.param(b"**", b"a x/a", b"", id="everything"),
        pytest.param(b"a**b", b"ab axb", b"a", id="two stars in a name are one"),
        pytest.param(b"x/[a]**b", b"x/ab x/ayb", b"x/a/b", id="nor do they pass a slash"),
        pytest.param(b"a**/b", b"ab a/b ax/y/b", b"b", id="but for a literal before"),
        pytest.param(b"\\a", b"a", b"\\a", id="escape"),
        pytest.param(b"\\#a", b"#a", b"a", id="escaped comment"),
        pytest.param(b"\\!a", b"!a", b"a", id="escaped negation"),
        pytest.param(b"a\\", b"", b"a a\\", id="nothing is escaped"),
        pytest.param(b"[a", b"", b"a [a", id="an open bracket"),
        pytest.param(b"# a", b"", b"# a", id="comment"),
        pytest.param(b"/", b"", b"a", id="a slash alone"),
        pytest.param(b"a  ", b"a", b"", id="spaces at the end"),
        pytest.param(b"\xef\xbb\xbfa", b"a", b"", id="byte order mark"),
        pytest.param(b"a\r\nb\r", b"a b", b"a\r b\r", id="CRLF"),
        pytest.param(b"a\0b", b"a", b"ab", id="a line ends at a NUL"),
        pytest.param(b"\xff*", b"\xffa", b"a", id="no UTF-8"),
    ],
)
def test_a_pattern_fits_what_it_fits_for_git(pattern: bytes, fitting: bytes, others: bytes) -> None:
    rules = Rules(pattern)
    paths = fitting.split(b" ") + others.split(b" ")

    # A comment's example holds a space, which is no matter: it fits nothing.
    assert [path for path in fitting.split(b" ") if path] == [
        path for path in paths if path and rules.verdict(path, directory=False)
    ]


def test_spaces_and_a_tab_count_where_they_are_escaped_or_no_spaces() -> None:
    assert Rules(b"a\\  ").verdict(b"a ", directory=False)
    assert Rules(b"a\\\\ ").verdict(b"a\\", directory=False)
    assert Rules(b"a\t").verdict(b"a\t", directory=False)


def test_the_last_pattern_that_fits_decides_and_it_may_say_nothing() -> None:
    rules = Rules(b"*.py\n!a.py\nb.py\n!b*\nc/\n")

    assert [True, False, False, None] == [
        rules.verdict(path, directory=False) for path in (b"x.py", b"a.py", b"b.py", b"c")
    ]
    assert rules.verdict(b"c", directory=True)


def test_a_negation_of_a_directory_says_nothing_of_what_is_in_it() -> None:
    assert Rules(b"private\n!docs").verdict(b"docs/private", directory=True)
    assert Rules(b"!docs").verdict(b"docs/private", directory=True) is None


def test_a_bad_line_costs_only_itself() -> None:
    rules = Rules(b"[\n*" + b"a" * 5000 + b"\n!\n!/\n\n   \n//\na\\\n*.log")

    assert rules.verdict(b"b.log", directory=False)
    assert rules.verdict(b"a", directory=False) is None


HOSTILE = [
    (b"*a" * 60 + b"b", b"a" * 240),
    (b"*" + b"?" * 100 + b"b", b"a" * 240),
    (b"/" + b"*a" * 1000 + b"b", b"a" * 4000),
    (b"**/" + b"*a*/**/" * 200 + b"b", b"a/" * 2000 + b"a"),
    (b"[a-z]**/" * 300 + b"b", b"ab/" * 1300 + b"a"),
    (b"**/" + b"?/" * 700 + b"b", b"a/" * 2000 + b"a"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("pattern", "path"), HOSTILE, ids=range(len(HOSTILE)))
def test_no_pattern_takes_for_ever(pattern: bytes, path: bytes) -> None:
    """With a matcher that backtracks, most of these would not end within a lifetime."""
    assert not Rules(pattern).verdict(path, directory=False)


@given(st.binary(max_size=60), st.binary(min_size=1, max_size=30), st.booleans())
def test_nothing_makes_it_raise(content: bytes, path: bytes, directory: bool) -> None:
    assert Rules(content).verdict(path, directory=directory) in {True, False, None}


FOLDERS = [b"", b"a/", b"b/", b"a/b/", b"ab/", b"a/b/a/", b"a/b/a/b/", b"*/"]
NAMES = [
    b"x", b"ab.b", b"aab", b"a b", b"b ", b"\\", b"!a", b"#a", b"[", b"a]", b"-", b"^",
    b"\xc3\xa4", b"a\r", b"\t", b"1", b"Z", b"ba", b"**", b"?", b"a\\", b"aa[b", b"\x0b", b"\x7f",
]  # fmt: skip
WORDS = [
    b"a", b"b", b"ab", b"/", b"*", b"**", b"***", b"?", b"[", b"]", b"!", b"^", b"-", b"\\", b" ",
    b"\t", b"\r", b"#", b"[:alpha:]", b"[:", b":]", b"[[:punct:]", b"[:space:]", b"[[:cntrl:]]",
    b"[:graph:]", b"\xff", b"\xc3\xa4", b"\0", b".", b"/**/", b"**/", b"/**", b"\n", b"\n!",
    b"[ab]", b"[!a]", b"x", b"1", b"\xef\xbb\xbf", b"\\/",
]  # fmt: skip


class Repository:
    """Many files and one ignore file, judged by git."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self._git("init", "--quiet")
        for folder in FOLDERS:
            os.makedirs(os.path.join(root, folder), exist_ok=True)  # noqa: PTH103, PTH118
        self.paths = {folder[:-1]: True for folder in FOLDERS if folder}
        for path in (folder + name for folder in FOLDERS for name in NAMES):
            with open(os.path.join(root, path), "xb"):  # noqa: PTH118, PTH123
                self.paths[path] = False

    def ignored(self, content: bytes) -> set[bytes]:
        with open(os.path.join(self.root, b".gitignore"), "wb") as file:  # noqa: PTH118, PTH123
            file.write(content)
        listed = self._git(
            "check-ignore", "--no-index", "--stdin", "-z", given=b"\0".join(self.paths)
        )
        return set(filter(None, listed.split(b"\0")))

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run git without anything of the person's own configuration; 1 means that none is."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.fsdecode(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        done = subprocess.run(
            [str(GIT), *arguments],
            cwd=self.root, env=environment, input=given, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode in {0, 1}, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    root: Path = tmp_path_factory.mktemp("repository")
    yield Repository(os.fsencode(root))
    shutil.rmtree(root)  # pytest's own removal fails on some of the names


@pytest.mark.skipif(GIT is None, reason="git is not installed")
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=10).map(b"".join))
@settings(max_examples=200)
@example(b"b\n!a")
@example(b"a**/b")
@example(b"/*\n!/a\n/a/*\n!/a/b")
def test_whatever_the_patterns_what_is_ignored_is_what_git_ignores(
    repository: Repository, content: bytes
) -> None:
    rules = Rules(content)

    def ignored(path: bytes) -> bool:
        above = path.rpartition(b"/")[0]
        verdict = rules.verdict(path, directory=repository.paths[path])
        return bool(verdict) or (above != b"" and ignored(above))

    assert repository.ignored(content) == {path for path in repository.paths if ignored(path)}


def test_more_patterns_than_anyone_writes_ignore_everything() -> None:
    hostile = b"\n".join(b"*a*%d*b" % number for number in range(20_000))

    assert Rules(hostile).verdict(b"any.py", directory=False)
    assert (
        Rules(b"\n".join(b"name%d" % at for at in range(20_000))).verdict(
            b"any.py", directory=False
        )
        is None
    )
