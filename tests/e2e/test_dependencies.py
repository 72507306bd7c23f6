"""What is installed beside a workspace, in what a person is shown."""

from pathlib import Path

from tests.e2e.test_life import ghost_text
from tests.editor import editing

PACKAGE = """\
def connect(address):
    connection = open_connection_to(address)
    return connection
"""
SOURCE = """\
import gadgets


def again(address):
    connection = open<CURSOR>
"""


async def test_a_name_that_only_an_installed_package_has_is_suggested(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    site = root / ".venv/lib/python3.12/site-packages/gadgets"
    site.mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").write_text("home = nowhere\n", "utf-8")
    (site / "__init__.py").write_text(PACKAGE, "utf-8")
    (root / "used.py").write_text("import gadgets\n", "utf-8")
    async with editing(root, "a.py", SOURCE) as editor:
        assert await ghost_text(editor) == "_connection_to(address)"
