"""One task, as far as it is known: a value that every report of its agent makes anew.

Owns what a person can see of a task and what of it must outlive the server: the two are the same,
so that a task looks no different after a restart. What is kept of long things is bounded. How it is
spelled for editors is left to the server.
"""

from functools import singledispatch
from typing import Final, Literal, TypeAlias

import msgspec

from spark_lsp.core.tasks import agent

Mode: TypeAlias = Literal["task", "finish"]
State: TypeAlias = Literal["starting", "running", "done", "interrupted", "failed", "left"]
"""`left` is one that was at work when its server ended: it can be taken up again."""

ALIVE: Final[frozenset[State]] = frozenset(("starting", "running"))
_SAID: Final = 200_000
"""Characters of its last words that are kept, the end of them."""
_TITLE: Final = 60
_NAMED: Final = 5
"""Names of one kind that stand in a sentence, the last."""
_SAYING: Final = "saying something"
_MOST: Final = 200
"""Files, commands and notes that are kept of each kind, the last."""

LEFT: Final = "it was at work when the server ended: take it up again with an instruction"


class Step(msgspec.Struct, frozen=True):
    """One step of its plan."""

    text: str
    status: Literal["pending", "running", "done"]


class Question(msgspec.Struct, frozen=True):
    """What it waits for a person to allow."""

    id: str
    what: str
    reason: str


class Task(msgspec.Struct, frozen=True, rename="camel"):
    """One task.

    Attributes:
        id: its name, the same after a restart.
        instruction: what the person has asked for, with what they have said since, in lines.
        mode: whether it does something, or finishes what was begun.
        state: how it stands.
        began: seconds since the epoch.
        ended: the same, None while it is at work.
        place: the name of the worktree that it works in, "" before there is one.
        thread: the conversation by which its agent can go on, "" before there is one.
        turn: what is to be named to steer it, "" between turns.
        steps: its plan.
        doing: what it does right now, in words.
        read: files that it has looked at.
        written: files that it has changed.
        ran: commands that it has run.
        asks: what it waits for.
        used: tokens that its model was last shown.
        window: tokens that its model can be shown.
        said: the last that it has said.
        notes: what a person should know, a sentence each.
        message: why it stands as it does, "" if that is plain.
        brief: what its agent was told at first, whole, for one that must begin again.
        elsewhere: whether another server works on it: another editor, or the command line.
    """

    id: str
    instruction: str
    mode: Mode
    began: float
    state: State = "starting"
    ended: float | None = None
    place: str = ""
    thread: str = ""
    turn: str = ""
    steps: tuple[Step, ...] = ()
    doing: str = "preparing"
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    asks: tuple[Question, ...] = ()
    used: int = 0
    window: int = 0
    said: str = ""
    notes: tuple[str, ...] = ()
    message: str = ""
    brief: str = ""
    elsewhere: bool = False

    @property
    def title(self) -> str:
        """What it is called in a sentence: the first line of what was asked for."""
        line = self.instruction.strip().partition("\n")[0].strip()
        line = line or ("finish what was begun" if self.mode == "finish" else "")
        return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"

    @property
    def alive(self) -> bool:
        """Whether an agent works on it."""
        return self.state in ALIVE

    def changed(self, **fields: object) -> "Task":
        """Return it with other values."""
        return msgspec.structs.replace(self, **fields)

    def noted(self, note: str) -> "Task":
        """Return it with something more that a person should know."""
        return self.changed(notes=_with(self.notes, note))

    def over(self, state: State, now: float, message: str = "") -> "Task":
        """Return it as one that nobody works on any more; a step that was at work is left open."""
        steps = tuple(
            Step(it.text, "pending") if it.status == "running" else it for it in self.steps
        )
        message = message or self.message
        return self.changed(
            state=state, ended=now, turn="", doing="", asks=(), steps=steps, message=message
        )

    def told(self, instruction: str) -> "Task":
        """Return it as one that has been told something more."""
        return self.changed(instruction=f"{self.instruction}\n{instruction.strip()}")

    def again(self) -> "Task":
        """Return it as one that is taken up again."""
        return self.changed(state="starting", ended=None, message="", doing="going on", said="")


@singledispatch
def after(report: object, task: Task, now: float) -> Task:
    """Return what a task is once its agent has reported something; most reports change nothing."""
    del report, now
    return task


@after.register
def _opened(report: agent.Opened, task: Task, _: float) -> Task:
    return task.changed(thread=report.thread, state="running")


@after.register
def _begun(report: agent.TurnStarted, task: Task, _: float) -> Task:
    return task.changed(turn=report.turn, state="running", doing="thinking")


@after.register
def _ended(report: agent.TurnEnded, task: Task, now: float) -> Task:
    if report.status == "lost":
        # Its agent takes the conversation up again, and is told to go on.
        return task.changed(turn="", doing="starting again", asks=()).noted(report.message)
    return task.over(report.status, now, report.message)


@after.register
def _lost(report: agent.Lost, task: Task, now: float) -> Task:
    return task.over("failed", now, report.reason)


@after.register
def _planned(report: agent.Planned, task: Task, _: float) -> Task:
    return task.changed(steps=tuple(Step(it.text, it.status) for it in report.steps))


@after.register
def _reading(report: agent.Reading, task: Task, _: float) -> Task:
    path = report.path or "."
    return task.changed(read=_with(task.read, path), doing=f"reading {path}")


@after.register
def _writing(report: agent.Writing, task: Task, _: float) -> Task:
    if report.status in {"failed", "refused"}:
        return task.noted(f"{report.path} could not be written ({report.status})")
    written = _with(task.written, report.path)
    return task.changed(written=written, doing=f"writing {report.path}")


@after.register
def _ran(report: agent.Ran, task: Task, _: float) -> Task:
    if report.status == "running":
        return task.changed(doing=f"running {report.command}")
    return task.changed(ran=_with(task.ran, f"{report.command} ({report.status})"))


@after.register
def _said(report: agent.Said, task: Task, _: float) -> Task:
    # What it says between two looks at files is not its last word.
    before = task.said if task.doing == _SAYING else ""
    return task.changed(said=(before + report.delta)[-_SAID:], doing=_SAYING)


@after.register
def _thought(_report: agent.Thought, task: Task, _: float) -> Task:
    return task.changed(doing="thinking")


@after.register
def _tokens(report: agent.Tokens, task: Task, _: float) -> Task:
    return task.changed(used=report.used, window=report.window)


@after.register
def _asked(report: agent.Approval, task: Task, _: float) -> Task:
    question = Question(report.id, report.what, report.reason)
    return task.changed(asks=(*task.asks, question), doing="waiting for you")


@after.register
def _withdrawn(report: agent.Withdrawn, task: Task, _: float) -> Task:
    return task.changed(asks=tuple(it for it in task.asks if it.id != report.approval))


@after.register
def _compacted(_report: agent.Compacted, task: Task, _: float) -> Task:
    # Codex tells what it has come to before it tells that it was summed up.
    room = f" to {task.used:,} of {task.window:,} tokens" if task.window else ""
    dropped = [
        *([f"what it read of {_some(task.read)}"] if task.read else ()),
        *([f"what came of {_some(task.ran)}"] if task.ran else ()),
        "what it said and thought",
    ]
    return task.noted(
        f"The conversation was summed up{room}. Dropped, but for the summary: "
        f"{', '.join(dropped)}. Kept: the rules, your words (of very long ones the beginning and "
        "the end), and all that is written."
    )


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[-_NAMED:])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


@after.register
def _warned(report: agent.Warned, task: Task, _: float) -> Task:
    return task.noted(report.text)


def _with(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    """Return what is known with one more, which comes last and only once."""
    return (*(it for it in known if it != one), one)[-_MOST:]
