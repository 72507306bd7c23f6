"""How documents are named, and which of them may leave the machine: by every way to name a file."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.server import app
from spark_lsp.server.privacy import private
from spark_lsp.server.uris import location


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///w/a.py", "/w/a.py"),
        ("file://localhost/w/a.py", "/w/a.py"),
        ("file:////w/a.py", "/w/a.py"),
        ("file:///w/b/../a%20b.py", "/w/a b.py"),
        ("file:///w/a;b.py", "/w/a;b.py"),
        ("file:///w/a%23b%3F.py", "/w/a#b?.py"),
        ("file:///C%3A/w/a.py", "c:/w/a.py"),
        ("file://host/share/a.py", "//host/share/a.py"),
        ('git:/w/.env?{"path":"/w/.env","ref":""}', "/w/.env"),
        ("vscode-notebook-cell:/w/.env#W0s", "/w/.env"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("", ""),
    ],
)
def test_a_uri_names_a_path_without_query_and_fragment(uri: str, path: str) -> None:
    assert path == location(uri).path


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("file:///w/src/a.py", "src/a.py"),
        ("file:///w/./a.py", "a.py"),
        ("file:///other/a.py", "../other/a.py"),
        ("file:///wider/a.py", "../wider/a.py"),
        ("file:///C:/w/a.py", "c:/w/a.py"),
        ("file://host/w/a.py", "//host/w/a.py"),
        ("untitled:a.py", "untitled://a.py"),
        ("a.py", "//a.py"),
        ("git:/w/a.py?x", "git://a.py"),
        ("vscode-notebook-cell:/w/n.ipynb#W0s", "vscode-notebook-cell://n.ipynb#W0s"),
    ],
)
def test_only_a_file_of_the_workspace_has_the_name_of_one(uri: str, name: str) -> None:
    assert name == location(uri).name("/w")


@pytest.mark.parametrize("root", [r"C:\w", "c:/w/", r"\\host\share", "/"])
def test_a_root_may_be_of_any_kind(root: str) -> None:
    uris = {"file:///c%3A/w/s/a.py", "file://host/share/s/a.py", "file:///s/a.py"}

    assert 1 == sum(location(uri).name(root) == "s/a.py" for uri in uris)


@given(st.text(), st.sampled_from([None, "", "/", "/w", "c:/w"]) | st.text())
def test_any_text_has_a_name(uri: str, root: str | None) -> None:
    location(uri).name(root).encode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    (path / ".gitignore").write_text("ignored.py\n", "utf-8")
    return path


@pytest.mark.parametrize("name", [".env", "id_rsa", "ignored.py", "node_modules/a.js"])
@pytest.mark.parametrize(
    "uri",
    [
        "file://{}",
        'git:{}?{{"path":"{}","ref":"~"}}',
        "vscode-notebook-cell:{}#W0sZmlsZQ",
        "untitled:{}",
        "vscode-remote://ssh-remote+host{}?x#y",
        "FILE://localhost{}",
    ],
)
def test_no_way_to_name_a_private_file_makes_it_public(root: Path, uri: str, name: str) -> None:
    file, other = f"{root}/{name}", f"{root}/a.py"

    assert private(uri.format(file, file), root)
    assert not private(uri.format(other, other), root)


@pytest.mark.parametrize(
    "uri", ["untitled:.env", ".env", "file:///x#y/.env", "file:///x?y/.env", "zip:///a.zip::/.env"]
)
def test_a_secret_is_one_wherever_it_lies(root: Path, uri: str) -> None:
    assert private(uri, root)
    assert private(uri, None)


@pytest.mark.parametrize("workspace", [True, False])
def test_a_file_elsewhere_is_judged_by_its_own_repository(
    root: Path, tmp_path: Path, *, workspace: bool
) -> None:
    other = tmp_path / "other"
    (other / "sub").mkdir(parents=True)
    (other / "sub" / ".gitignore").write_text("ignored.py\n", "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=other, check=True)
    known = root if workspace else None

    assert private((other / "sub" / "ignored.py").as_uri(), known)
    assert private((other / ".git" / "config").as_uri(), known)
    assert not private((other / "sub" / "a.py").as_uri(), known)


def test_a_file_elsewhere_without_a_repository_is_judged_by_its_whole_name(root: Path) -> None:
    assert private("file:///x/site-packages/a.py", root)
    assert not private("file:///x/a.py", root)


async def test_what_cannot_be_judged_is_private_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Any] = []

    def broken(*_: Any) -> str:
        raise RuntimeError("a defect")

    monkeypatch.setattr(app, "private", broken)
    server = app.App(None)
    monkeypatch.setattr(server, "_feed", told.append)
    await server._vet("file:///w/a.py")

    assert told[0].private
    assert "could not be judged" in caplog.text
    assert not asyncio.all_tasks() - {asyncio.current_task()}


@given(st.text())
def test_any_text_is_judged(uri: str) -> None:
    private(uri, Path("/w"))
    private(uri, None)
