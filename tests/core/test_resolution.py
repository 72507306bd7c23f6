"""Which files an import means: by example for each language, and for any text without harm.

A fixture is a workspace. Its manifests are given in full; a source is given by its imports, one per
line, of which one that goes on in the next line is indented there or ends with a closing bracket.
"""

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spark_lsp.core.resolution import Files, Target, is_manifest, resolve
from tests.fixture import Fixture, fixtures

FIXTURES = fixtures("resolution")

LANGUAGES = {
    ".c": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".css": "css",
    ".ex": "elixir",
    ".exs": "elixir",
    ".go": "go",
    ".h": "c",
    ".hpp": "cpp",
    ".hs": "haskell",
    ".html": "html",
    ".java": "java",
    ".js": "javascript",
    ".kt": "kotlin",
    ".lua": "lua",
    ".mjs": "javascript",
    ".php": "php",
    ".py": "python",
    ".pyi": "python",
    ".rb": "ruby",
    ".rs": "rust",
    ".scala": "scala",
    ".scss": "scss",
    ".sh": "bash",
    ".swift": "swift",
    ".ts": "typescript",
    ".tsx": "tsx",
    ".vue": "vue",
    ".zig": "zig",
}
ALL_LANGUAGES = sorted({*LANGUAGES.values(), "less", "svelte", "objc", "unheard-of"})

_CONTINUED = re.compile(r"\n(?![\s)}])")


def workspace(parts: dict[str, str]) -> Files:
    """Return the files that a fixture describes."""
    files = Files()
    for path, content in parts.items():
        if not path.startswith("@"):
            files.add(path)
            if is_manifest(path):
                files.put_manifest(path, content)
    return files


def imports(fixture: Fixture) -> list[tuple[str, str, str]]:
    """Return the path, the language and the text of each import of a fixture."""
    return [
        (path, LANGUAGES[suffix], statement)
        for path, content in fixture.parts.items()
        if (suffix := "." + path.rpartition(".")[2]) in LANGUAGES and not path.startswith("@")
        for statement in _CONTINUED.split(content.strip("\n"))
        if statement
    ]


def told(targets: tuple[Target, ...]) -> str:
    """Spell targets as the fixtures do."""
    lines = [f"    {it.path}{''.join(f' {name}' for name in it.names)}\n" for it in targets]
    return "".join(lines) or "    nothing\n"


ALL_IMPORTS = [(path, it) for path in FIXTURES for it in imports(Fixture.read(path))]


@pytest.mark.parametrize("path", FIXTURES)
def test_an_import_means_the_files_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    files = workspace(fixture.parts)
    lines = []
    importing = ""
    for source, language, statement in imports(fixture):
        lines += [f"{source}\n"] if source != importing else []
        importing = source
        lines.append("".join(f"  {line}\n" for line in statement.split("\n")))
        lines.append(told(resolve(source, language, statement, files)))

    assert lines
    fixture.expect("@targets", "".join(lines), update=update)


@pytest.mark.parametrize("path", FIXTURES)
def test_answers_do_not_depend_on_the_order_or_the_history_of_files(path: Path) -> None:
    fixture = Fixture.read(path)
    forward = workspace(fixture.parts)
    backward = workspace(dict(reversed(fixture.parts.items())))
    for gone in fixture.parts:
        backward.discard(gone)
        backward.put_manifest(gone, None)
    assert 0 == len(backward)
    for back, content in fixture.parts.items():
        if not back.startswith("@"):
            backward.add(back)
            backward.add(back)
            backward.put_manifest(back, content if is_manifest(back) else None)

    for source, language, statement in imports(fixture):
        expected = resolve(source, language, statement, forward)
        assert expected == resolve(source, language, statement, backward)


def check(path: str, language: str, statement: str, files: Files) -> None:
    """Assert what holds for every answer."""
    targets = resolve(path, language, statement, files)

    assert targets == resolve(path, language, statement, files)
    assert len(targets) <= 64
    assert len(targets) == len({(it.path, bool(it.names)) for it in targets})
    assert all(it.path in files and it.path != path for it in targets)
    assert all(len(it.names) == len(set(it.names)) for it in targets)


@given(st.sampled_from(ALL_IMPORTS), st.sampled_from(ALL_LANGUAGES), st.data())
def test_a_statement_cut_anywhere_means_files_that_exist_in_any_language(
    of: tuple[Path, tuple[str, str, str]], language: str, data: st.DataObject
) -> None:
    fixture, (path, own, statement) = of
    files = workspace(Fixture.read(fixture).parts)
    start = data.draw(st.integers(0, len(statement)))
    end = data.draw(st.integers(start, len(statement)))

    check(path, own, statement[start:end], files)
    check(path, language, statement, files)
    check(path, language, statement + statement[start:end], files)


WORDS = """
import from export use mod require source alias using include include_next @import @use ( ) { } * .
.. ... ./ ../ / :: , ; = => as type static self super crate $crate extern a b c a.b a/b a.js b.ts
"a" "./a" './b' "a/b" `a` # // /* */ < > " ' ` \\ $ @ ~ ${ $( A A.B _ given _root_ - -- {- #include
"b.h" src href require_relative hiding qualified function const global
"""
PIECES = st.sampled_from([*WORDS.split(), "\n", " ", "\t", "", "\0", "\ud83d", "é", "\r\n"])
KEYS = """
name exports imports main compilerOptions paths baseUrl extends references path autoload psr-4 . ./*
#a * a
"""
SMALL = [
    f"{folder}{stem}{ending}"
    for folder in ("", "a/", "a/b/", "src/", "b/a/", "a.b/")
    for stem in ("a", "b", "index", "mod", "__init__", "A", "lib", "main")
    for ending in (*LANGUAGES, "", ".d.ts")
]


@given(
    st.sampled_from(SMALL),
    st.sampled_from(ALL_LANGUAGES),
    st.lists(PIECES, max_size=30).map(" ".join) | st.lists(PIECES, max_size=30).map("".join),
)
def test_no_statement_makes_it_fail(path: str, language: str, statement: str) -> None:
    check(path, language, statement, EVERY_SMALL)


EVERY_SMALL = Files()
for small in SMALL:
    EVERY_SMALL.add(small)

MANIFESTS = ["go.mod", "package.json", "tsconfig.json", "Cargo.toml", "composer.json"]


@given(
    st.sampled_from(MANIFESTS),
    st.text()
    | st.recursive(
        st.none() | st.text("ab./*#@", max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(KEYS.split()),
                inner,
                max_size=4,
            )
        ),
    ).map(lambda value: str(value).replace("'", '"').replace("None", "null")),
    st.sampled_from([*LANGUAGES.values()]),
)
def test_no_manifest_makes_it_fail(name: str, text: str, language: str) -> None:
    files = Files()
    for path in SMALL[::7]:
        files.add(path)
    files.put_manifest(name, text)
    files.put_manifest(f"a/{name}", text)

    for spelled in ("a", "#a", "a/b", "./a", "A\\B"):
        check("a/b/a.ts", language, f'import x from "{spelled}"', files)
        check("a/b/a.ts", language, f"use {spelled}", files)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(SMALL[:60])), max_size=60))
@example([(True, "a/b/a.c"), (False, "a/b/a.c")])
def test_files_are_those_that_were_added_and_not_discarded(
    changes: list[tuple[bool, str]],
) -> None:
    files, expected = Files(), set[str]()
    for added, path in changes:
        if added:
            files.add(path)
            expected.add(path)
        else:
            files.discard(path)
            expected.discard(path)

    assert len(expected) == len(files)
    assert all((path in expected) == (path in files) for path in SMALL[:60])
    folders = {path.rpartition("/")[0] for path in expected}
    assert folders <= {
        path for path in ("", "a", "a/b", "src", "b/a", "a.b") if files.has_folder(path)
    }


REPEATED = [
    *("a.", "../", "{a::", 'require("a") } = ', '"', "'\n", "/*", "//", "${", "$(", "a::{", "*,"),
    *("{-", "(", "\\", "a,", ' = require("a"), {a', 'import "a" ', "@import(", "A.", "b/", " "),
    *('"./a" ', "src=", "A\\", "#", "url(", "`a`", "super::", "from "),
]


@pytest.mark.parametrize("language", ALL_LANGUAGES)
def test_a_huge_statement_costs_little(language: str) -> None:
    for piece in REPEATED:
        for opening in ("", "import ", "from ", "use ", "const {", "#include <", "export {"):
            statement = opening + piece * (30_000 // len(piece))
            started = time.process_time()
            resolve("a/b/a.ts", language, statement, EVERY_SMALL)

            assert time.process_time() - started < 0.5, (opening, piece)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("tsconfig.json", it * 60_000) for it in ('"', '"\\', "/*", ",  ", "[", '{"a":', "//")),
        *(("Cargo.toml", it * 60_000) for it in ("[a.", "a.", "a=[", "[[", 'a="', "\n[a]", "{")),
        *(("go.mod", it * 60_000) for it in ("a => ", "a ", "module ", " ")),
        ("Cargo.toml", "[" + "a." * 60_000 + "a]"),
        ("Cargo.toml", "a." * 60_000 + "a=1"),
        ("Cargo.toml", ".".join(["a"] * 100 + ["\n"]) * 900),
        ("Cargo.toml", "".join(f"a{'.a' * 99}.b{it}=1\n" for it in range(900))),
        ("Cargo.toml", 'a="""' + '"\\' * 60_000),
        ("Cargo.toml", "a=" + "[" * 60_000),
        ("Cargo.toml", "".join(f"[a{number}]\n" for number in range(20_000))),
    ],
)
def test_a_hostile_manifest_costs_little(name: str, text: str) -> None:
    started = time.process_time()
    Files().put_manifest(name, text)

    assert time.process_time() - started < 1.5


def test_a_folder_of_very_many_files_stands_for_some_of_them() -> None:
    files = Files()
    files.put_manifest("go.mod", "module m\n")
    for number in range(200):
        files.add(f"big/f{number:03}.go")
        files.add(f"big/f{number:03}_test.go")
    targets = resolve("main.go", "go", '"m/big"', files)

    assert [f"big/f{number:03}.go" for number in range(40)] == [it.path for it in targets]


def test_among_very_many_files_of_a_name_the_one_above_is_found() -> None:
    files = Files()
    for number in range(1000):
        files.add(f"p{number}/util.py")
    targets = resolve("p7/main.py", "python", "import util", files)

    assert (Target("p7/util.py", ()),) == targets


@pytest.mark.parametrize(
    "path",
    ["go.mod", "a/package.json", "tsconfig.app.json", "a/b/Cargo.toml", "composer.json"],
)
def test_a_manifest_is_known_by_its_name(path: str) -> None:
    assert is_manifest(path)
    assert not is_manifest(f"{path}/x.py")
    assert not is_manifest(f"{path}.bak")


def test_an_import_in_a_large_workspace_is_fast() -> None:
    chance = random.Random(1)
    names = [f"name{number}" for number in range(800)]
    files = Files()
    paths = []
    while len(files) < 10_000:
        folders = [chance.choice(names[:40]) for _ in range(chance.randrange(1, 6))]
        paths.append("/".join([*folders, f"{chance.choice(names)}.py"]))
        files.add(paths[-1])
        files.add("/".join([*folders, "__init__.py"]))
    asked = [
        (path, f"from {other.removesuffix('.py').replace('/', '.')} import A, B")
        for path, other in zip(paths[:2000], reversed(paths), strict=False)
    ]
    started = time.process_time()
    for path, statement in asked:
        resolve(path, "python", statement, files)

    # Typical is a tenth of that; the bound is for machines that do other things.
    assert (time.process_time() - started) / len(asked) < 0.0005
