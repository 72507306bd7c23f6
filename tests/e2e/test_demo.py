"""What `make demo` claims, on the file that it types."""

import asyncio
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixture import ROOT


def demo_file() -> Path:
    """The file that the Makefile names."""
    match = re.search(r"^DEMO \?= (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert match
    return ROOT / match[1]


async def driven(*arguments: str) -> dict[str, Any]:
    """Drive as the command line does; returns the object that it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "spark_lsp", "drive", "--json", *arguments,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()

    assert process.returncode == 0
    result: dict[str, Any] = json.loads(output)
    return result


def prints(folder: Path) -> dict[str, str]:
    """Fingerprints of all files below a folder."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


async def test_the_demo_saves_a_quarter_of_the_characters_and_shows_nothing_wrong() -> None:
    result = await driven(str(demo_file()), "--pace", "0")

    assert result["saved_characters"] > result["characters"] / 4
    assert result["keys"] == result["characters"] - result["saved_characters"]
    assert [0, 0, 0, 0] == [
        result[name] for name in ("wrong_accepts", "stale_frames", "shrunk_frames", "errors")
    ]


@pytest.mark.parametrize("pace", ["0", "5"])
async def test_driving_leaves_a_repository_as_it_was(tmp_path: Path, pace: str) -> None:
    """At any pace, with files of other line ends and scripts beside it."""
    source = demo_file().read_bytes()
    for name, content in (
        ("main.py", source),
        ("crlf.py", source.replace(b"\n", b"\r\n")),
        ("other.py", "# ünïcode 😀\n".encode() + source),
        (".gitignore", b"ignored.py\n"),
        ("ignored.py", b"x = 1\n"),
    ):
        (tmp_path / name).write_bytes(content)
    before = prints(tmp_path)
    result = await driven(
        *(str(tmp_path / name) for name in ("crlf.py", "other.py")), "--pace", pace, "--lines", "8"
    )

    assert before == prints(tmp_path)
    assert [0, 0, 0] == [result[name] for name in ("wrong_accepts", "stale_frames", "errors")]
