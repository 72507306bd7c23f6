"""How names work in each language that a rename is understood in, one row of data per language."""

from spark_lsp.core.foresight.naming.c import CPP, C
from spark_lsp.core.foresight.naming.ecmascript import ECMASCRIPT
from spark_lsp.core.foresight.naming.go import GO
from spark_lsp.core.foresight.naming.java import JAVA
from spark_lsp.core.foresight.naming.python import PYTHON
from spark_lsp.core.foresight.naming.row import Edge, Naming
from spark_lsp.core.foresight.naming.rust import RUST

__all__ = ["Edge", "Naming", "naming"]

_ROWS = {
    "c": C,
    "cpp": CPP,
    "go": GO,
    "java": JAVA,
    "javascript": ECMASCRIPT,
    "python": PYTHON,
    "rust": RUST,
    "tsx": ECMASCRIPT,
    "typescript": ECMASCRIPT,
}


_NONE = Naming(
    names=frozenset(),
    edges={},
    scopes=frozenset(),
    functions=frozenset(),
    classes={},
    objects={},
    invocations={},
    imports=frozenset(),
)


def naming(language: str) -> Naming:
    """Return the row of a language by our name of it; one without any names if it has none."""
    return _ROWS.get(language, _NONE)
