"""Paths of a workspace as text: what stands above one, and what a relative one comes to.

A path is relative to the workspace, with `/` between its parts; the workspace itself is "".
"""

from collections.abc import Iterator


def folder_of(path: str) -> str:
    """Return the folder that holds a path."""
    return path[: max(path.rfind("/"), 0)]


def name_of(path: str) -> str:
    """Return the last part of a path."""
    return path[path.rfind("/") + 1 :]


def stem_of(path: str) -> str:
    """Return the last part of a path without its ending."""
    name = name_of(path)
    return name[: name.rfind(".")] if name.rfind(".") > 0 else name


def within(folder: str, rest: str) -> str:
    """Return the path of what a folder holds under a plain relative path."""
    return f"{folder}/{rest}" if folder and rest else folder or rest


def above(path: str) -> Iterator[str]:
    """Yield the folders that hold a path, the nearest first; the workspace itself is the last."""
    at = len(path)
    while (at := path.rfind("/", 0, at)) > 0:
        yield path[:at]
    yield ""


def is_above(folder: str, path: str) -> bool:
    """Whether a folder holds a path, at any depth."""
    return not folder or path.startswith(folder + "/")


def join(folder: str, relative: str) -> str | None:
    """Return what a relative path means in a folder, or None if it leads out of the workspace."""
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
