"""Texts that every editor is asked to complete or to rewrite."""

SOURCE = "def load(path):\n    return open(path).read()\n"
"""What is to be rewritten."""
WRITTEN = "def load(path):\n    with open(path) as file:\n        return file.read()"
"""What the model makes of it."""

PICTURED = (
    "from pathlib import Path\n\n\ndef load(path: Path) -> str:\n"
    "    return path.read_text()\n\n\ndef sizes(folder: Path) -> dict[str, int]:\n"
    "    found = {}\n"
)
"""What the pictures of the README show, up to the line of the ghost text."""
GHOST = [
    "for path in folder.iterdir():\n        found[path.name] = len(load(path))\n",
    "    return found\n",
]
"""The ghost text in them, in the pieces in which a model says it."""
