"""Which files of the workspace an import statement means.

Owns the rules of each language, as far as paths and manifests decide: a statement is read for
itself and no file is opened. Where a rule needs more than that, such as the folders a compiler was
told of, the file whose path ends in what is spelled and that is nearest to the importing file is
meant. Following a name through the files that pass it on is for the caller.
"""

from collections.abc import Callable
from typing import TypeAlias

from spark_lsp.core.resolution import (
    c,
    compiled,
    go,
    javascript,
    jvm,
    python,
    rust,
    scripts,
    web,
)
from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.manifests import is_manifest
from spark_lsp.core.resolution.targets import Found, Target

__all__ = ["Files", "Target", "is_manifest", "resolve"]

_LENGTH = 20_000
"""Characters of a statement that are read; no person's is longer."""

_Resolver: TypeAlias = Callable[[str, str, Files, Found], None]

_RESOLVERS: dict[str, _Resolver] = {
    "bash": scripts.bash,
    "c": c.resolve,
    "cpp": c.resolve,
    "csharp": compiled.csharp,
    "css": web.styles,
    "elixir": scripts.elixir,
    "go": go.resolve,
    "haskell": compiled.haskell,
    "html": web.html,
    "java": jvm.java,
    "javascript": javascript.javascript,
    "kotlin": jvm.kotlin,
    "less": web.styles,
    "lua": scripts.lua,
    "objc": c.resolve,
    "php": scripts.php,
    "python": python.resolve,
    "ruby": scripts.ruby,
    "rust": rust.resolve,
    "scala": jvm.scala,
    "scss": web.styles,
    "svelte": javascript.typescript,
    "tsx": javascript.typescript,
    "typescript": javascript.typescript,
    "vue": javascript.typescript,
    "zig": compiled.zig,
}


def resolve(path: str, language: str, statement: str, files: Files) -> tuple[Target, ...]:
    """Return the files that an import statement means, in its order; never the importing one.

    Args:
        path: the importing file, relative to the workspace.
        language: our name of its language; of one that is not known here, nothing is found.
        statement: the text of one import, as `symbols` records it.
        files: the workspace.
    """
    resolver = _RESOLVERS.get(language)
    if resolver is None:
        return ()
    found = Found(path)
    resolver(path, statement[:_LENGTH], files, found)
    return found.targets
