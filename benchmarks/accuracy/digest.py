"""Which engine was measured: a digest of what it does, apart from how that is explained.

Owns what counts as a change. Modules count by their syntax trees, without docstrings, so that
comments, prose and line breaks do not; other files in the package, such as parameters that were
found by training, count by their bytes. The digest is the same on every Python that can read them.
"""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ENGINE: Final = Path(__file__).parents[2] / "spark_lsp/engine"
"""The package that is measured."""


def digest(package: Path = ENGINE) -> str:
    """Return the digest of a package."""
    sum_ = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if not path.is_file() or path.suffix == ".pyc":
            continue
        content = path.read_bytes()
        if path.suffix == ".py":
            content = "\n".join(_told(ast.parse(content))).encode("utf-8", "surrogatepass")
        name = path.relative_to(package).as_posix()
        sum_.update(f"{name} {len(content)}\n".encode() + content)
    return sum_.hexdigest()


def _told(node: ast.AST) -> Iterator[str]:
    """Yield a tree in words.

    `ast.dump` would say it in other words from version to version: fields that newer ones have, and
    that are empty, are not told.
    """
    yield f"({type(node).__name__}"
    for name, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        for it in values:
            if isinstance(it, ast.AST):
                if not _is_prose(it):
                    yield name
                    yield from _told(it)
            elif it is not None or name == "value":
                yield f"{name} {it!r}"
    yield ")"


def _is_prose(node: ast.AST) -> bool:
    """Whether a statement is no more than a text, as docstrings are."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
