"""Style sheets and HTML: paths in strings and attributes."""

import re
from collections.abc import Iterator

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.paths import above, folder_of, join, name_of, within
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import strings

_URL = re.compile(r"url\(\s*+([^)\"'\s]++)")
_ATTRIBUTE = re.compile(r"""\b(?:src|href)\s*+=\s*+(?:"([^"\n]*+)"|'([^'\n]*+)'|([^\s"'>]++))""")
_PATH = re.compile(r"[^?#]*")

_STYLE_ENDINGS = ("", ".scss", ".sass", ".css", ".less")
_PUBLIC = ("", "public", "static", "src")
"""Folders below which a path that begins with a slash may be served."""

_PLACES = 64
"""Paths of a statement that are looked up."""


def styles(path: str, statement: str, files: Files, found: Found) -> None:
    """Find what `@import`, `@use` or `@forward` means in CSS, SCSS, Sass or Less."""
    names = () if statement.lstrip().startswith("@use") else (EVERYTHING,)
    spelled = [*strings(statement), *_URL.findall(statement)]
    for it in spelled[:_PLACES]:
        if it and ":" not in it and not it.startswith("//"):
            found.add(_sheet(path, it.removeprefix("~"), files), names)


def _sheet(path: str, spelled: str, files: Files) -> str | None:
    place = join(folder_of(path), spelled)
    if place and (file := files.first(_sheets(place))):
        return file
    tail = join("", spelled)
    return files.find(_sheets(tail), path) if tail else None


def _sheets(place: str) -> Iterator[str]:
    """Yield what a style sheet may be called: a part that is never used alone begins with "_"."""
    folder, name = folder_of(place), name_of(place)
    for ending in _STYLE_ENDINGS:
        yield place + ending
        yield within(folder, f"_{name}{ending}")
    for ending in (".scss", ".sass"):
        yield f"{place}/_index{ending}"
        yield f"{place}/index{ending}"


def html(path: str, statement: str, files: Files, found: Found) -> None:
    """Find the scripts and style sheets that a tag asks for."""
    for match in list(_ATTRIBUTE.finditer(statement))[:_PLACES]:
        plain = _PATH.match(match[1] or match[2] or match[3] or "")
        spelled = plain[0] if plain else ""
        if not spelled or ":" in spelled or spelled.startswith("//"):
            continue
        if spelled.startswith("/"):
            roots = (within(folder, it) for folder in above(path) for it in _PUBLIC)
            found.add(files.first(join(root, spelled) for root in roots))
        else:
            found.add(files.first((join(folder_of(path), spelled),)))
