"""`spark-lsp context`: what a model would be shown, as far as a script can check it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spark_lsp.core import tokens
from spark_lsp.wire.layout import TASK
from tests.cli.test_command_line import command, everything
from tests.cli.test_context import BLOCK, CONTRACT
from tests.cli.test_index import surroundings

AWS = "AKIA" + "QRSTUVWX23456789"
PASSWORD = "hunter2" + "-Zq9!xK4w"
WORKSPACE = {
    "AGENTS.md": "Speak of durations in the ROOT way.\n",
    "lib/AGENTS.md": "Speak of durations in the LIB way.\n",
    "other/AGENTS.md": "Speak of durations in the OTHER way.\n",
    "lib/units.py": "def split_duration(text):\n    return VISIBLE_UNITS[text]\n",
    "lib/config.py": f'split_duration_key = "{AWS}"\npassword = "{PASSWORD}"\n',
    "lib/main.py": "from lib.units import split_duration\n\n\ndef run(text):\n    \n",
    "lib/crlf.py": "import os\r\n\r\n\r\ndef split_duration():\r\n    \r\n",
    "lib/empty.py": "",
    "lib/strange.xyz": "split_duration of what\nnobody knows\n",
    "ignored.py": "def split_duration(): IGNORED_BY_GIT\n",
    "kept.py": "def split_duration(): IGNORED_BY_SPARK\n",
    "sub/deep/private.py": "def split_duration(): IGNORED_BELOW\n",
    ".env": "SPLIT_DURATION=SECRET_BY_NAME\n",
    "id_rsa": "split_duration SECRET_BY_NAME\n",
    "node_modules/a.js": "function split_duration() { VENDORED }\n",
    ".gitignore": "ignored.py\n",
    ".sparkignore": "kept.py\n",
    "sub/.gitignore": "private.py\n",
}
HIDDEN = ("IGNORED", "SECRET_BY_NAME", "VENDORED", AWS, PASSWORD)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    for name, text in WORKSPACE.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(text.encode())
    for number in range(40):
        body = "".join(
            f"def f{number}_{it}(text):\n    return split_duration(text) + {it}\n\n\n"
            for it in range(30)
        )
        (path / "lib" / f"many{number:02}.py").write_text(body, "utf-8")
    (path / ".git").mkdir()
    return path


def called(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command("context", *arguments),
        cwd=root,
        env=surroundings(root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def told(root: Path, *arguments: str) -> dict[str, Any]:
    done = called(root, *arguments, "--json")
    assert (0, b"", 1) == (done.returncode, done.stderr, done.stdout.count(b"\n"))
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def text(root: Path, *arguments: str) -> str:
    done = called(root, *arguments, "--text")
    assert (0, b"") == (done.returncode, done.stderr)
    return done.stdout.decode()


@pytest.mark.parametrize("budget", ["2000", "8000", "32000", "128000"])
def test_tokens_are_exact_and_never_above_the_budget(root: Path, budget: str) -> None:
    place = ("lib/main.py:5:5", "--budget", budget)
    result, sent = told(root, *place), text(root, *place)

    assert result.keys() >= CONTRACT
    assert all(block.keys() == BLOCK for block in result["blocks"])
    assert int(budget) == result["budget"]
    assert result["stable_tokens"] <= result["tokens"] <= int(budget)
    # Parts are counted each for itself; joined they can only be fewer, and not by many.
    parts = result["framing_tokens"] + sum(block["tokens"] for block in result["blocks"])
    assert parts == result["tokens"]
    joined = tokens.count(sent)
    assert joined <= result["tokens"] <= joined + 6 * (len(result["blocks"]) + 1)
    assert ["suffix", "prefix"] == [block["kind"] for block in result["blocks"][-2:]]
    assert 0 < result["milliseconds"] <= result["total_milliseconds"]


def test_blocks_say_which_lines_of_which_file_they_are(root: Path) -> None:
    result, sent = told(root, "lib/main.py:5:5"), text(root, "lib/main.py:5:5")

    verbatim = [it for it in result["blocks"] if it["kind"] in {"file", "chunk"}]
    assert verbatim
    for block in verbatim:
        lines = (root / block["path"]).read_bytes().decode().splitlines(keepends=True)
        if block["path"] != "lib/config.py":
            assert "".join(lines[block["start_line"] - 1 : block["end_line"]]) in sent
    assert all(block["reason"] for block in result["blocks"])
    assert {"lib/units.py", "lib/main.py"} <= {block["path"] for block in verbatim}


def test_what_may_not_leave_the_machine_is_in_no_text(root: Path) -> None:
    for budget in ("2000", "8000", "128000"):
        sent = text(root, "lib/main.py:5:5", "--budget", budget)
        assert [] == [word for word in HIDDEN if word in sent]
    assert "VISIBLE_UNITS" in sent
    assert "split_duration_key" in sent


def test_secrets_are_masked_in_the_open_file_too(root: Path) -> None:
    sent = text(root, "lib/config.py:1:1", "--budget", "8000")

    assert [] == [word for word in HIDDEN if word in sent]
    assert 2 <= sent.count("split_duration_key")  # as packed, and after the cursor


def test_the_instructions_come_first_the_most_general_before_all(root: Path) -> None:
    sent = text(root, "lib/main.py:5:5")
    result = told(root, "lib/main.py:5:5")

    assert sent.startswith(TASK)
    rules = [block["path"] for block in result["blocks"] if block["kind"] == "rules"]
    assert ["AGENTS.md", "lib/AGENTS.md"] == rules
    assert ["rules", "rules"] == [block["kind"] for block in result["blocks"][:2]]
    assert sent.index("ROOT way") < sent.index("LIB way") < sent.index("def ")


def test_the_same_place_gives_the_same_bytes(root: Path) -> None:
    place = ("lib/main.py:5:5", "--text")
    cold, warm, again = (called(root, *place) for _ in range(3))

    assert cold.stdout == warm.stdout == again.stdout
    assert told(root, "lib/main.py:5:5")["warm"]


def test_the_text_ends_at_the_cursor_with_line_ends_as_they_are(root: Path) -> None:
    sent = text(root, "lib/crlf.py:5:5")

    assert sent.endswith("import os\r\n\r\n\r\ndef split_duration():\r\n    ")
    assert "\r\r" not in sent


@pytest.mark.parametrize(
    "place", ["lib/empty.py:1:1", "lib/strange.xyz:2:3", "lib/crlf.py:5:5", "lib/main.py:1:1"]
)
def test_any_text_file_has_a_context(root: Path, place: str) -> None:
    (root / ".git").rmdir()
    result = told(root, place, "--workspace", ".", "--budget", "8000")

    assert 0 < result["tokens"] <= 8000
    assert place.partition(":")[0] == result["blocks"][-1]["path"]
    assert b"tokens" in called(root, place).stdout  # its own directory is its workspace


def test_a_file_outside_of_the_workspace_gets_its_context(root: Path) -> None:
    (root.parent / "outside.py").write_text("split_duration(\n", "utf-8")
    result = told(root, "../outside.py:1:16", "--workspace", ".")

    assert "../outside.py" == result["blocks"][-1]["path"]
    assert [] == [block for block in result["blocks"] if block["kind"] == "rules"]
    assert [block for block in result["blocks"] if block["path"].startswith("lib/")]


def test_a_link_to_the_workspace_is_the_workspace(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    result = told(root, str(root.parent / "link/lib/main.py:5:5"), "--workspace", ".")

    assert "lib/main.py" == result["blocks"][-1]["path"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".env", "secret by name"),
        ("id_rsa", "secret by name"),
        ("ignored.py", "ignored"),
        ("kept.py", "ignored"),
        ("sub/deep/private.py", "ignored"),
        ("node_modules/a.js", "vendored"),
        ("innocent.txt", "ignored"),
        ("credentials", "secret by name"),
    ],
)
@pytest.mark.parametrize("output", ["--text", "--json", None])
def test_of_a_private_file_nothing_would_be_sent_and_a_sentence_says_why(
    root: Path, name: str, reason: str, output: str | None
) -> None:
    (root / "innocent.txt").symlink_to(root / ".env")
    (root / "credentials").symlink_to(root / "lib/main.py")
    done = called(root, f"{name}:1:1", *filter(None, [output]))

    assert (1, b"", 1) == (done.returncode, done.stdout, done.stderr.count(b"\n"))
    assert f"nothing of {name} would be sent: {reason}" in done.stderr.decode()


def test_people_are_told_rows_that_fit_their_terminal(root: Path) -> None:
    done = called(root, "lib/main.py:5:5")
    lines = done.stdout.decode().splitlines()

    assert (0, b"") == (done.returncode, done.stderr)
    assert b"\x1b" not in done.stdout
    assert max(map(len, lines)) <= 100
    kinds = [line.split()[0] for line in lines if "%" in line]
    assert "rules" == kinds[0]
    assert ["suffix", "prefix", "task"] == kinds[-3:]
    assert " of 128,000 tokens, " in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "FILE:LINE:COL"),
        (["lib/main.py"], "FILE:LINE:COL"),
        (["lib/main.py:0:1"], "lines 1 to"),
        (["lib/main.py:99:1"], "lines 1 to"),
        (["lib/main.py:1:99"], "columns 1 to"),
        (["missing.py:1:1"], "missing.py"),
        (["lib:1:1"], "lib"),
        (["latin.py:1:1"], "not UTF-8"),
        (["lib/main.py:1:1", "--budget", "1999"], "--budget"),
        (["lib/main.py:1:1", "--budget", "2000001"], "--budget"),
        (["lib/main.py:1:1", "--budget", "much"], "--budget"),
        (["lib/main.py:1:1", "--workspace", "missing"], "missing"),
        (["lib/main.py:1:1", "--json", "--text"], "--text"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line(root: Path, arguments: list[str], word: str) -> None:
    (root / "latin.py").write_bytes(b"caf\xe9 = 1\n")
    done = called(root, *arguments)

    assert (2, b"", 1) == (done.returncode, done.stdout, done.stderr.count(b"\n"))
    assert word in done.stderr.decode()


def test_help_says_how_lines_count(root: Path) -> None:
    done = called(root, "--help")

    assert (0, b"") == (done.returncode, done.stderr)
    assert b"count from 1" in b" ".join(done.stdout.split())


def test_no_file_is_changed_and_the_cache_is_where_it_was_asked_to_be(root: Path) -> None:
    before = everything(root)
    told(root, "lib/main.py:5:5")

    assert before == everything(root)
    assert {"cache", "repository"} == {path.name for path in root.parent.iterdir()}
