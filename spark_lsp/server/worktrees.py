"""A place for a task to work in: the workspace as the person sees it, and not the person's.

Owns the making of such places, the finding of what has become of them, and their removal. A place
is a worktree of git, detached at the commit that is checked out, or a plain directory where there
is no repository that serves. Either way `laying` puts its files there, and what a task must not see
is refused where it turns up again (`returned`). git itself checks nothing out and runs nothing
(`git`); the person's index, HEAD, branches and stash are not touched.

The history can be read in a worktree: what was committed before it was forbidden, and secrets that
were, can be asked of git there, as anywhere on the machine.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import msgspec
import platformdirs

from spark_lsp.core.tasks.change import shown
from spark_lsp.core.tasks.patch import Sides
from spark_lsp.server import difference, git, returned
from spark_lsp.server.baseline import Baseline, Presence, abandoned
from spark_lsp.server.clearing import removed, unjoined
from spark_lsp.server.laying import Laying, Limits, candidates
from spark_lsp.server.returned import Returned

_DATA = "SPARK_LSP_DATA"
"""The environment variable that names another directory for what is kept."""
_PATIENCE = 0.5
"""Seconds in which a place that is in use may become free."""


class PlaceError(Exception):
    """A place cannot be made or read; says why, and what to do, in a sentence."""


class BusyError(PlaceError):
    """Somebody else works in a place."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task works.

    Attributes:
        name: what it is called, also when the server has been started anew.
        home: the directory that is removed with it.
        tree: the worktree.
        folder: the workspace in it, where the task is to be started.
        environment: what has to be set where git is run there; the whole is `surroundings`.
        withheld: the paths that were not laid down because a task must not see them, and why.
        masked: those that were laid down without the secrets that are in them.
        note: why it is no worktree, in a sentence, or "".
    """

    name: str
    home: Path
    tree: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    masked: frozenset[str] = frozenset()
    note: str = ""

    def surroundings(self, outer: Mapping[str, str]) -> dict[str, str]:
        """Return an environment for whoever works there, given the usual one."""
        return git.cleaned(outer) | dict(self.environment)


def location() -> Path:
    """Return where the places of tasks are kept."""
    named = os.environ.get(_DATA)
    state = Path(named) if named else platformdirs.user_state_path("spark-lsp", appauthor=False)
    return state / "tasks"


class Worktrees:
    """The places of the tasks of one server. What takes long is done in threads."""

    def __init__(self, state: Path | None = None, limits: Limits | None = None) -> None:
        """Take the directory that they are made in, if it is not the usual one."""
        self._state = state or location()
        self._limits = limits or Limits()
        self._present: dict[str, Presence] = {}

    async def make(self, root: Path, buffers: Mapping[str, str]) -> Place:
        """Make a place of a workspace; `buffers` are texts of open documents by relative path."""
        work = asyncio.ensure_future(asyncio.to_thread(self._make, root, buffers))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread goes on, and what it makes would be nobody's.
            with suppress(PlaceError):
                await self.remove(await work)
            raise

    async def collect(self, place: Place, root: Path) -> Returned:
        """Return what a task that has ended has left in its place."""
        return await asyncio.to_thread(self._collect, place, root)

    async def change(
        self, place: Place, root: Path, since: str | Mapping[str, str] = "HEAD"
    ) -> tuple[str, list[str]]:
        """Return what the person had changed when a place was made: a diff, and new files.

        `since` is a revision of git, or the texts of files at an earlier moment, by path.
        """
        return await asyncio.to_thread(self._change, place, root, since)

    async def sides(
        self, place: Place, root: Path, found: Returned, buffers: Mapping[str, str]
    ) -> Sides:
        """Return what a task has left beside what the person has now; see `returned.sides`."""
        return await asyncio.to_thread(self._sides, place, root, found, buffers)

    async def adopt(self, name: str) -> Place:
        """Take the place of a task that nobody works on; PlaceError if it is gone or somebody's."""
        return await asyncio.to_thread(self._adopt, name)

    async def find(self, name: str) -> Place:
        """Return the place of a task, to look at it; PlaceError if it is gone."""
        return await asyncio.to_thread(self._find, name)

    def leave(self, name: str) -> None:
        """Give a place up, which stays as it is; nothing happens if it is not ours."""
        if presence := self._present.pop(name, None):
            presence.close()

    async def remove(self, place: Place) -> None:
        """Remove a place and all that is in it."""
        await asyncio.to_thread(self._remove, place.name)

    async def prune(self, kept: Callable[[], Collection[str] | None] = frozenset) -> list[str]:
        """Remove the places that nobody works in, but those kept; return what they were called.

        Which are kept is asked, in a thread, once it is known which ones nobody works in: whoever
        leaves a place has written it down before. None keeps all.
        """
        return await asyncio.to_thread(self._prune, kept)

    def close(self) -> None:
        """Give up all places; what is in them stays for a later server, or until it prunes."""
        while self._present:
            self._present.popitem()[1].close()

    def _make(self, root: Path, buffers: Mapping[str, str]) -> Place:
        name = f"spark-{uuid4().hex[:12]}"
        home = self._state / name
        try:
            home.mkdir(mode=0o700, parents=True)
            self._present[name] = Presence(home)
            return _laid(root, home, buffers, self._limits)
        except (OSError, ValueError, sqlite3.Error, git.GitError) as error:
            self._remove(name)
            raise PlaceError(f"no place for the task could be made: {_words(error)}") from error
        except BaseException:
            self._remove(name)
            raise

    def _collect(self, place: Place, root: Path) -> Returned:
        try:
            return returned.collected(place.home, place.folder, root)
        except (OSError, ValueError, sqlite3.Error) as error:
            raise PlaceError(f"the task's files cannot be read: {_words(error)}") from error

    def _change(
        self, place: Place, root: Path, since: str | Mapping[str, str]
    ) -> tuple[str, list[str]]:
        if not isinstance(since, str):
            known = {path: text for path, text in since.items() if path not in place.withheld}
            return shown(difference.since_texts(place.folder, root, known)), []
        if place.note:
            raise PlaceError("what was not committed cannot be told, without a repository of git")
        try:
            environment = place.surroundings(os.environ)
            changed, fresh = difference.since_revision(
                place.folder, root, environment, since, place.masked
            )
        except git.GitError as error:
            raise PlaceError(f"what has changed cannot be told: {error}") from None
        return shown(it for it in changed if it.path not in place.withheld), fresh

    def _sides(
        self, place: Place, root: Path, found: Returned, buffers: Mapping[str, str]
    ) -> Sides:
        try:
            return returned.sides(place.home, root, found, buffers)
        except (OSError, ValueError, sqlite3.Error) as error:
            raise PlaceError(f"the task's files cannot be compared: {_words(error)}") from error

    def _adopt(self, name: str) -> Place:
        place = self._find(name)
        if name not in self._present:
            try:
                # Whoever looks whether it is abandoned holds it for a moment, too.
                self._present[name] = Presence(place.home, patience=_PATIENCE)
            except sqlite3.Error as error:
                raise BusyError("another editor works in the task's files") from error
        return place

    def _find(self, name: str) -> Place:
        home = self._state / name
        try:
            if Path(name).name != name or not home.is_dir():
                raise FileNotFoundError(name)
            baseline = Baseline(home)
            try:
                facts, withheld = baseline.facts(), baseline.withheld()
                hidden = baseline.masked()
            finally:
                baseline.close()
            environment = msgspec.json.decode(facts["environment"], type=dict[str, str])
            places = home, Path(facts["tree"]), Path(facts["folder"])
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            raise PlaceError("the task's files are gone") from error
        return Place(name, *places, environment, withheld, hidden, facts["note"])

    def _remove(self, name: str) -> None:
        self.leave(name)
        removed(self._state / name)

    def _prune(self, kept: Callable[[], Collection[str] | None]) -> list[str]:
        try:
            homes = sorted(it for it in self._state.iterdir() if it.name.startswith("spark-"))
        except OSError:
            return []
        idle = [home for home in homes if home.name not in self._present and abandoned(home)]
        wanted = kept() if idle else None
        gone = [home for home in idle if wanted is not None and home.name not in wanted]
        for home in gone:
            removed(home)
        return [home.name for home in gone]


# --- Laying down ----------------------------------------------------------------------------------


def _laid(root: Path, home: Path, buffers: Mapping[str, str], limits: Limits) -> Place:
    """Make the worktree and lay the files down in it."""
    tree = home / home.name
    baseline = Baseline(home, new=True)
    try:
        baseline.note({"tree": str(tree)})
        found, note = _joined(root, tree, baseline)
        folder = tree / found.prefix if found else tree
        folder.mkdir(parents=True, exist_ok=True)
        laying = Laying(root, folder, baseline, limits)
        laying.lay(candidates(root, found, home.parent), buffers)
        if found:
            # To git a mask would be a change, whose other side is the secret.
            git.pass_over(found, tree, laying.laid - laying.masked)
        # What was set for the person's own session does not belong on a disk.
        environment = found.environment if found else {}
        ours = {it: value for it, value in environment.items() if it.startswith(("GIT_", "LC_"))}
        told = msgspec.json.encode(ours).decode()
        baseline.note({"folder": str(folder), "note": note, "environment": told})
        baseline.save()
        hidden = frozenset(laying.masked)
        return Place(home.name, home, tree, folder, ours, laying.withheld, hidden, note)
    finally:
        baseline.close()


def _joined(root: Path, tree: Path, baseline: Baseline) -> tuple[git.Repository | None, str]:
    """Make a worktree where that is possible; else an empty directory, and why."""
    try:
        found = git.repository(root)
        admin = git.add_worktree(found, tree)
    except git.BareError:
        raise
    except git.GitError as error:
        unjoined(tree)
        tree.mkdir()
        return None, f"The task works in a copy: {error}."
    baseline.note({"admin": str(admin)})
    baseline.save()
    return found, ""


def _words(error: BaseException) -> str:
    """Return what has gone wrong, without a path of the person's machine."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
