"""What the embedded engine learns of the dependencies of a workspace."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from spark_lsp.engine.model import Engine
from spark_lsp.server import dependencies
from spark_lsp.server import teacher as teacher_module
from spark_lsp.server.dependencies import Dependency
from spark_lsp.server.teacher import Teacher

SITE = ".venv/lib/python3.12/site-packages"
KEY = "AKIA" + "Z7Q2X4W9" * 2


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


def write(root: Path, tree: Mapping[str, str]) -> None:
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, "utf-8")


def taught(root: Path) -> tuple[Engine, Teacher]:
    engine = Engine()
    teacher = Teacher(engine, root)
    teacher.learn(root)
    return engine, teacher


WORKSPACE = {
    ".venv/pyvenv.cfg": "home = nowhere\n",
    "a.py": "import flask\n",
    f"{SITE}/flask/__init__.py": "from flask.app import Flask\n",
    f"{SITE}/flask/app.py": f"class Flask:\n    key = '{KEY}'\n",
    f"{SITE}/click/__init__.py": "def command(): ...\n",
}
FLASK = {"site-packages/flask/__init__.py", "site-packages/flask/app.py"}


def test_the_workspace_is_learned_first_and_then_what_it_imports(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, WORKSPACE)
    told: list[tuple[set[str], bool]] = []

    def note(_: Engine, files: Mapping[str, str | None], *, foreign: bool) -> None:
        told.append((set(files), foreign))

    monkeypatch.setattr(Engine, "learn", note)
    taught(root)

    assert [({"a.py"}, False), (FLASK, True)] == told


def test_it_tells_how_much_of_what_it_has_learned(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(root, WORKSPACE)
    with caplog.at_level(logging.INFO):
        engine, _ = taught(root)

    assert f"learned 1 files, {engine.tokens} tokens; 2 files of dependencies" in caplog.text


def test_dependencies_follow_the_imports(root: Path) -> None:
    write(root, WORKSPACE)
    engine, teacher = taught(root)
    assert FLASK == set(engine._learned.foreign)

    write(root, {"a.py": "import click  # instead\n"})
    teacher.learn(root)
    assert {"site-packages/click/__init__.py"} == set(engine._learned.foreign)

    (root / "a.py").unlink()
    teacher.learn(root)
    assert set() == set(engine._learned.foreign)


def test_what_was_installed_anew_is_learned_anew_and_nothing_else_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, WORKSPACE)
    engine, teacher = taught(root)
    seen: list[str] = []
    really = dependencies.read

    def note(found: Dependency) -> str | None:
        seen.append(found.path)
        return really(found)

    monkeypatch.setattr(dependencies, "read", note)
    teacher.learn(root)
    assert [] == seen

    write(root, {f"{SITE}/flask/app.py": "class Flask:\n    name = 'new'\n", f"{SITE}/x.py": ""})
    teacher.learn(root)
    assert ["site-packages/flask/app.py"] == seen

    (root / SITE / "flask" / "app.py").unlink()
    teacher.learn(root)
    assert {"site-packages/flask/__init__.py"} == set(engine._learned.foreign)


def test_secrets_in_dependencies_are_not_learned(root: Path) -> None:
    write(root, WORKSPACE)
    engine, _ = taught(root)
    words = engine._vocabulary.texts.values()

    assert "Flask" in {word.strip() for word in words}
    assert not any(KEY in word for word in words)


def test_a_budget_is_held(root: Path) -> None:
    write(root, {".venv/pyvenv.cfg": "home = nowhere\n", "a.py": "import a1, a2, a3, a4\n"})
    for name, sizes in {"a1": [25, 6], "a2": [30], "a3": [31], "a4": [20]}.items():
        for number, size in enumerate(sizes):
            write(root, {f"{SITE}/{name}/{number}.py": "x" * size})
    engine = Engine()
    Teacher(engine, root, foreign=90).learn(root)

    assert ["a1/0.py", "a2/0.py", "a4/0.py"] == [
        path.removeprefix("site-packages/") for path in sorted(engine._learned.foreign)
    ]


def test_who_changes_the_workspace_does_not_wait_for_its_dependencies(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_module, "_BATCH", 1)
    write(root, WORKSPACE)
    engine = Engine()
    teacher = Teacher(engine, root)
    teacher.refresh()
    teacher.learn(root)
    assert 1 == len(engine._learned.foreign)

    teacher._wanted.clear()
    teacher.learn(root)
    assert FLASK == set(engine._learned.foreign)


def test_what_the_workspace_has_itself_counts_in_full(root: Path) -> None:
    """`external` is read as any folder, for people keep their own in folders of this name."""
    write(root, {"a.c": "#include <lib/x.h>\n", "external/lib/x.h": "int x;\n"})
    engine, _ = taught(root)

    assert {"a.c", "external/lib/x.h"} == set(engine._learned.corpus.homes)
    assert set() == set(engine._learned.foreign)
