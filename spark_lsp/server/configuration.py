"""Where settings come from.

Owns the files, the environment and their order: `--config`, `$SPARK_LSP_CONFIG`, the user's
configuration directory, then what the editor says. What settings there are is told in
`core.settings`, where keys come from is left to `credentials`. A repository may only tighten them,
by `.spark-lsp.toml` at its root: opening one must not send anything anywhere.
"""

import asyncio
import contextlib
import logging
import os
import stat
import tomllib
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import platformdirs

from spark_lsp.core import settings
from spark_lsp.core.settings import Restrictions, Settings, SettingsError
from spark_lsp.server import walk
from spark_lsp.wire.dialects.templates import template_flaw

_log = logging.getLogger(__name__)

_GATHER = 400
"""Milliseconds for which changes that do not end are gathered."""
_QUIET = 100
"""Milliseconds without a change after which those before count."""
_GONE = 0.5
"""Seconds after which a file is missing: until then, an editor may be putting another there."""


def load(path: Path | None, *layers: Mapping[str, Any]) -> Settings:
    """Return the settings of a configuration file and of the editor, the editor's last word first.

    The layers are what the editor has said, in order; see `settings.read`.

    Raises:
        SettingsError: with one sentence that names the file or the setting, and what to do.
    """
    found = settings.read(_file(path), *layers)
    for name, provider in found.model_providers.items():
        if flaw := template_flaw(provider.fim_template):
            raise SettingsError(f"model_providers.{name}.fim_template: {flaw}")
    return found


def in_use(path: Path | None) -> Path:
    """Return the file that is read if it is there; `path` is what the command line names."""
    value = os.environ.get("SPARK_LSP_CONFIG")
    default = platformdirs.user_config_path("spark-lsp", appauthor=False) / "config.toml"
    return path or (Path(value) if value else default)


def restrictions(root: Path) -> Restrictions:
    """Return what a repository says of itself; nothing if it says nothing.

    Raises:
        SettingsError: if it says something else, or what cannot be read.
    """
    content = walk.read_bytes(root, settings.RESTRICTIONS)
    return settings.restrictions((content or b"").decode("utf-8", "replace"))


def watch(path: Path | None, changed: Callable[[], None]) -> Coroutine[Any, Any, None]:
    """Return what tells when the configuration file's content has changed, until cancelled.

    It may appear, vanish, be a link, be replaced by another, and so may the directory that it
    stands in. Of other files nothing is told. Ends, with a warning, where the system cannot watch.
    What counts as a change is what differs from the moment of this call: call it with `load`.
    """
    file = in_use(path).absolute()
    return _watched(file, _content(file), changed)


async def _watched(file: Path, known: bytes | None, changed: Callable[[], None]) -> None:
    try:
        await _follow(file, known, changed)
    except (OSError, RuntimeError) as error:
        _log.warning("changes of the configuration are not noticed until a restart (%s)", error)


async def _follow(file: Path, known: bytes | None, changed: Callable[[], None]) -> None:
    await asyncio.to_thread(import_module, "watchfiles")  # which takes longer than a key may
    while True:
        # Anew after each change: what is watched may have gone, and what is missing have come.
        directories, names = await asyncio.to_thread(_places, file)
        arrival = asyncio.ensure_future(_change(directories, names))
        try:
            await asyncio.sleep(0)  # from here on it watches
            content = await asyncio.to_thread(_content, file)
            if content is None and known is not None:
                await asyncio.wait([arrival], timeout=_GONE)
                content = await asyncio.to_thread(_content, file)
            if content != known:
                known = content
                changed()
            with contextlib.suppress(FileNotFoundError):  # a directory has just gone
                await arrival
        finally:
            arrival.cancel()
            await asyncio.wait([arrival])


async def _change(directories: list[str], names: frozenset[str]) -> None:
    """Wait for a change of one of some names in some directories."""
    from watchfiles import awatch  # noqa: PLC0415 - loaded by now, see above

    reports = awatch(
        *directories,
        recursive=False,
        watch_filter=lambda _, path: path in names,
        debounce=_GATHER,
        step=_QUIET,
        ignore_permission_denied=True,
    )
    async with contextlib.aclosing(reports):
        await anext(reports)


def _content(file: Path) -> bytes | None:
    """Return what a file holds; None if there is none that can be read, and read again."""
    try:
        return file.read_bytes() if stat.S_ISREG(file.stat().st_mode) else None
    except OSError:
        return None


def _places(file: Path) -> tuple[list[str], frozenset[str]]:
    """Return which directories to watch for the sake of a file, and for which names in them.

    Those that exist of what leads to it, up to two: one may be removed while it is watched, and
    only the one above tells when it is back.
    """
    ways = {file, Path(os.path.realpath(file.parent), file.name), Path(os.path.realpath(file))}
    directories: set[str] = set()
    for way in ways:
        found = [place for place in way.parents if place.is_dir()]
        directories.update(map(str, found[:2]))
    names = {str(place) for way in ways for place in (way, *way.parents)}
    return sorted(directories), frozenset(names)


def _file(path: Path | None) -> dict[str, Any]:
    found = in_use(path)
    try:
        return tomllib.loads(found.read_text("utf-8"))
    except FileNotFoundError:
        if path is None and not os.environ.get("SPARK_LSP_CONFIG"):
            return {}
        raise SettingsError(f"there is no configuration file {found}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{found} is not UTF-8: save it as such") from None
    except OSError as error:
        raise SettingsError(f"{found} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise SettingsError(f"{found} is not valid TOML: it is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{found} is not valid TOML: {error}") from None
