"""Which installed dependencies of a workspace are on disk, ecosystem by ecosystem."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from spark_lsp.core import languages
from spark_lsp.core.installed.imports import imported, ranked
from spark_lsp.server import walk
from spark_lsp.server.dependencies import Dependencies, Dependency, read

SITE = ".venv/lib/python3.12/site-packages"
VENV = {".venv/pyvenv.cfg": "home = nowhere\n"}


def write(root: Path, tree: Mapping[str, str]) -> None:
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, "utf-8")


def packages(root: Path, environ: Mapping[str, str] | None = None) -> list[list[Dependency]]:
    """Return what is found for the sources of a workspace."""
    paths = [entry.path for entry in walk.walk(root)]
    sources = []
    for path in paths:
        language = languages.by_path(path)
        if language is not None:
            sources.append(imported(language.name, walk.read(root, path) or ""))
    home = root.parent / "home"
    found = Dependencies(root, paths, environ or {}, home).packages(ranked(sources))
    return [list(it) for it in found]


def shown(root: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the paths of what is found, without what comes with Python."""
    found = [it.path for package in packages(root, environ) for it in package]
    return [it for it in found if not it.startswith("lib/python")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


PYTHON = VENV | {
    "a.py": "import flask\nimport click\n",
    "b.py": "from click.core import Context\nimport mine\n",
    "c.py": "import one, typed\n",
    "mine/__init__.py": "",
    f"{SITE}/flask/app.py": "",
    f"{SITE}/flask/__init__.py": "",
    f"{SITE}/flask/json/tag.py": "",
    f"{SITE}/flask/tests/a.py": "",
    f"{SITE}/flask/__pycache__/app.py": "",
    f"{SITE}/click/core.py": "",
    f"{SITE}/one.py": "",
    f"{SITE}/typed-stubs/__init__.pyi": "",
    f"{SITE}/mine/__init__.py": "",
    f"{SITE}/other/__init__.py": "",
}
NODE = {
    "a.ts": "import e from 'express'\nimport { x } from '@scope/deep/x'\n",
    "b.js": "const e = require('express'); const p = require('plain'); require('node:fs')\n",
    "node_modules/express/package.json": '{"types": "lib/main.d.ts"}',
    "node_modules/express/a.d.ts": "",
    "node_modules/express/lib/main.d.ts": "",
    "node_modules/express/index.js": "",
    "node_modules/express/node_modules/deep/index.d.ts": "",
    "node_modules/@types/express/index.d.ts": "",
    "node_modules/@types/node/fs.d.ts": "",
    "node_modules/@types/scope__deep/index.d.ts": "",
    "node_modules/plain/package.json": '{"main": "./lib/start.js"}',
    "node_modules/plain/index.js": "",
    "node_modules/plain/index.min.js": "",
    "node_modules/plain/lib/start.js": "",
    "node_modules/other/index.d.ts": "",
}
GO = {
    "go.mod": "module own\nrequire github.com/Up/x v1.2.0\n",
    "a.go": 'package a\nimport (\n\t"fmt"\n\t"github.com/v/y/sub"\n\t"github.com/Up/x"\n)\n',
    "vendor/github.com/v/y/sub/y.go": "",
    "vendor/github.com/v/y/sub/y_test.go": "",
    "vendor/github.com/v/y/sub/deeper/z.go": "",
    "../home/go/pkg/mod/github.com/!up/x@v1.2.0/x.go": "",
    "../home/go/pkg/mod/github.com/!up/x@v1.1.0/x.go": "",
}
RUST = {
    "Cargo.toml": '[dependencies]\nserde-json = "1"\n',
    "src/main.rs": "use serde_json::Value;\nuse std::fmt;\n",
    "../home/.cargo/registry/src/index-1/serde-json-1.0.2/src/lib.rs": "",
    "../home/.cargo/registry/src/index-1/serde-json-1.0.2/src/de.rs": "",
    "../home/.cargo/registry/src/index-1/serde-json-1.0.2/tests/a.rs": "",
    "../home/.cargo/registry/src/index-1/serde-json-0.9.0/src/lib.rs": "",
}
C = {
    "a.c": "#include <zlib.h>\n#include <fmt/core.h>\n#include <stdio.h>\n#include <fmt/os.h>\n",
    "third_party/fmt/include/fmt/core.h": "",
    "third_party/fmt/include/fmt/os.h": "",
    "third_party/fmt/src/core.cc": "",
    "third_party/other/other.h": "",
    "vendor/zlib.h": "",
}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param(
            PYTHON,
            [
                *("site-packages/click/core.py",),
                *("site-packages/flask/__init__.py", "site-packages/flask/app.py"),
                *("site-packages/flask/json/tag.py", "site-packages/one.py"),
                "site-packages/typed-stubs/__init__.pyi",
            ],
            id="python",
        ),
        pytest.param(
            NODE,
            [
                *("node_modules/express/lib/main.d.ts", "node_modules/express/a.d.ts"),
                "node_modules/@types/express/index.d.ts",
                "node_modules/@types/scope__deep/index.d.ts",
                "node_modules/@types/node/fs.d.ts",
                *("node_modules/plain/lib/start.js", "node_modules/plain/index.js"),
            ],
            id="node",
        ),
        pytest.param(
            {f"apps/web/{path}": text for path, text in NODE.items()}
            | {"apps/web/package.json": "{}", "apps/web/b.js": ""},
            [
                "apps/web/node_modules/@types/scope__deep/index.d.ts",
                "apps/web/node_modules/express/lib/main.d.ts",
                "apps/web/node_modules/express/a.d.ts",
                "apps/web/node_modules/@types/express/index.d.ts",
            ],
            id="a project further down",
        ),
        pytest.param(
            GO,
            ["pkg/mod/github.com/!up/x@v1.2.0/x.go", "vendor/github.com/v/y/sub/y.go"],
            id="go",
        ),
        pytest.param(
            RUST,
            [
                "registry/src/serde-json-1.0.2/src/lib.rs",
                "registry/src/serde-json-1.0.2/src/de.rs",
            ],
            id="rust",
        ),
        pytest.param(
            C,
            [
                "third_party/fmt/include/fmt/core.h",
                "third_party/fmt/include/fmt/os.h",
                "vendor/zlib.h",
            ],
            id="c",
        ),
        pytest.param({"a.py": "import flask\n"}, [], id="nothing is installed"),
    ],
)
def test_what_sources_import_is_found_and_nothing_else(
    root: Path, tree: Mapping[str, str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, tree)

    assert expected == shown(root)

    listed = os.scandir

    class Backwards:
        """A folder whose entries come the other way round."""

        def __init__(self, path: str) -> None:
            with listed(path) as found:
                self.entries = sorted(found, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    names = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(names(path), reverse=True))

    assert expected == shown(root)


def test_an_environment_that_is_active_is_asked_after_the_workspaces_own(root: Path) -> None:
    write(root, VENV | {"a.py": "import both, there\n", f"{SITE}/both.py": "x = 1\n"})
    elsewhere = root.parent / "conda"
    site = "lib/python3.12/site-packages"
    write(elsewhere, {f"{site}/both.py": "", f"{site}/there.py": ""})
    found = packages(root, {"CONDA_PREFIX": str(elsewhere)})

    assert [root / SITE, elsewhere / site] == [it.base for package in found for it in package]


def test_what_comes_with_python_comes_last_and_from_the_interpreter_of_the_environment(
    root: Path,
) -> None:
    base = root.parent / "base"
    write(base, {"lib/python3.12/os.py": "x = 1\n", "lib/python3.12/json/__init__.py": ""})
    write(root, {"a.py": "import json, os\n", "b.py": "import os, zebra\n"})
    write(root, {".venv/pyvenv.cfg": f"home = {base / 'bin'}\n", f"{SITE}/zebra.py": ""})
    found = [it for package in packages(root) for it in package]

    assert [
        "site-packages/zebra.py",
        "lib/python3.12/os.py",
        "lib/python3.12/json/__init__.py",
    ] == [it.path for it in found]
    assert [base / "lib/python3.12"] * 2 == [it.base for it in found[1:]]


def test_without_an_environment_the_library_of_the_running_interpreter_serves(root: Path) -> None:
    write(root, {"a.py": "import textwrap\n"})

    assert ["textwrap.py"] == [it.inner for package in packages(root) for it in package]


@pytest.mark.parametrize("rule", ["node_modules/", "express/", "node_modules/express"])
def test_a_person_can_forbid_what_lies_in_the_workspace(root: Path, rule: str) -> None:
    write(root, {path: NODE[path] for path in NODE if path != "b.js"} | {".gitignore": rule})
    assert "node_modules/express/a.d.ts" in shown(root)

    write(root, {".sparkignore": rule})
    assert "node_modules/express/a.d.ts" not in shown(root)

    write(root, {".sparkignore": "", ".spark-lsp.toml": f'exclude = ["{rule}"]\n'})
    assert "node_modules/express/a.d.ts" not in shown(root)


def test_a_project_further_down_can_forbid_its_own(root: Path) -> None:
    tree = {path: NODE[path] for path in NODE if path != "b.js"} | {"package.json": "{}"}
    write(root / "apps" / "web", tree)
    assert "apps/web/node_modules/express/a.d.ts" in shown(root)

    write(root, {"apps/web/.sparkignore": "node_modules/\n"})
    assert [] == shown(root)


def test_links_are_followed_within_a_folder_of_packages_only(root: Path) -> None:
    """As pnpm sets them; those of workspaces lead back to sources of the workspace."""
    write(root, {"a.ts": "import 'near'; import 'own'; import 'far'\n"})
    write(root, {"node_modules/.pnpm/near@1/index.d.ts": "", "own/index.d.ts": ""})
    write(root.parent, {"far/index.d.ts": "secret"})
    for name, target in (("near", ".pnpm/near@1"), ("own", "../own"), ("far", "../../far")):
        (root / "node_modules" / name).symlink_to(target)
    (root / "node_modules/near/link.d.ts").symlink_to(root.parent / "far/index.d.ts")
    (root / "node_modules/near/folder").symlink_to(root.parent / "far")

    assert ["node_modules/near/index.d.ts"] == shown(root)


def test_an_environment_that_is_a_link_is_passed_over(root: Path) -> None:
    write(root.parent, {path.replace(".venv", "away"): text for path, text in PYTHON.items()})
    write(root, {"a.py": "import flask\n"})
    (root / ".venv").symlink_to("../away")

    assert [] == shown(root)


@pytest.mark.parametrize("home", ["relative", "/nowhere\0", "/" + "x" * 300, "", "/dev/null"])
def test_an_environment_that_names_no_interpreter_is_passed_over(root: Path, home: str) -> None:
    write(root, {".venv/pyvenv.cfg": f"home = {home}\n", "a.py": "import textwrap, one\n"})
    write(root, {f"{SITE}/one.py": ""})

    assert ["one.py", "textwrap.py"] == [it.inner for package in packages(root) for it in package]


def test_what_cannot_be_read_is_passed_over(root: Path) -> None:
    write(root, VENV | {"a.py": "import odd, gone, big\n", "b.ts": "import 'odd'\n"})
    write(root, {f"{SITE}/odd/a.py": "\0", f"{SITE}/big.py": "x" * 1_000_001})
    write(root, {f"{SITE}/odd/b.py": "# Generated by a tool. Do not edit.\nx = 1\n"})
    write(root, {"node_modules/odd/package.json": "[" * 100_000, "go.mod": "\0"})
    os.mkfifo(root / SITE / "odd" / "c.py")
    os.mkfifo(root / SITE / "gone.py")
    (root / SITE / "odd" / "d.py").mkdir()
    found = [it for package in packages(root) for it in package]

    assert ["site-packages/odd/a.py", "site-packages/odd/b.py"] == [it.path for it in found]
    assert [None, None] == [read(it) for it in found]
