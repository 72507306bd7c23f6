"""C and C++: an include is a path, beside the including file or below any folder of headers."""

import re

from spark_lsp.core.resolution.files import Files
from spark_lsp.core.resolution.paths import folder_of, join, name_of, stem_of, within
from spark_lsp.core.resolution.targets import EVERYTHING, Found
from spark_lsp.core.resolution.words import listed

_INCLUDE = re.compile(
    r"\s*+[#%@]?+\s*+(?:include_next|include|import)\b\s*+([\"<])([^\">\n]*+)[\">]"
)

_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".cuh")
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".m", ".mm", ".cu")

_STANDARD = listed(
    """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
    stdalign stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string
    tgmath threads time uchar wchar wctype unistd fcntl pthread dirent dlfcn poll sched semaphore
    syslog termios"""
)


def resolve(path: str, statement: str, files: Files, found: Found) -> None:
    """Find the header that an include means in a file, and the source that belongs to it."""
    match = _INCLUDE.match(statement)
    if match is None:
        return
    quoted, spelled = match[1] == '"', match[2].strip()
    file = _header(path, spelled, files, quoted=quoted)
    if file is not None:
        found.add(file, (EVERYTHING,))
        if file.endswith(_HEADERS):
            found.add(_source(file, path, files))


def _header(path: str, spelled: str, files: Files, *, quoted: bool) -> str | None:
    if quoted:
        beside = join(folder_of(path), spelled)
        if beside in files:
            return beside
    # `../x.h` may also be meant from a folder of headers, but no longer says from which.
    plain = join("", spelled.removeprefix("../"))
    if not plain:
        return None
    if not quoted and "/" not in plain and stem_of(plain) in _STANDARD:
        return None
    candidates = [it for it in files.ending(plain, path) if it != path]
    return files.nearest(candidates, path) if candidates else None


def _source(header: str, path: str, files: Files) -> str | None:
    """Return the source of a header: the one beside it, or the only one that can be meant."""
    stem = stem_of(header)
    if beside := files.first(within(folder_of(header), stem + it) for it in _SOURCES):
        return beside
    others = [found for it in _SOURCES for found in files.ending(stem + it, header)]
    if not others:
        return None
    nearest = files.nearest(others, header)
    if nearest == path or (len(others) == 1 and len(files.ending(name_of(header), path)) == 1):
        return nearest
    # The folders below `include` are often those below `src`.
    alike = folder_of(header).rpartition("/")[2]
    same = [it for it in others if folder_of(it).rpartition("/")[2] == alike]
    return same[0] if len(same) == 1 else None
