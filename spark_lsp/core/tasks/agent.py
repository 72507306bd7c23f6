"""What can be asked of an agent, and what one reports: values that name no protocol.

Owns the vocabulary between a task and whoever does the work, so that a second kind of agent needs
nothing but a translation. How an agent is spoken to is left to `wire`, its process to
`server.agents`, what becomes of its work to the task.

An agent works in one directory, its worktree. Paths in reports are relative to that, with slashes;
one that stays absolute lies outside. What it leaves behind is read off the worktree and not off
these reports: they are for people to look at.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a conversation; `instructions` hold for all of it, as those of AGENTS.md do."""

    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a conversation that was begun earlier, perhaps by another process."""

    thread: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Have something done; refused while a turn is running."""

    text: str


@dataclass(frozen=True, slots=True)
class Steer:
    """Redirect what is being done; refused unless `turn` is what is running."""

    text: str
    turn: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """End a turn where it is; what it has written so far stays written."""

    turn: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Say whether something that was asked for may be done; once, this very thing."""

    approval: str
    accept: bool


@dataclass(frozen=True, slots=True)
class Compact:
    """Have the agent sum up what it knows, to make room."""


Order: TypeAlias = Start | Resume | Turn | Steer | Interrupt | Answer | Compact


@dataclass(frozen=True, slots=True)
class Opened:
    """There is a conversation; by the name of its `thread` it can be resumed."""

    thread: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A turn runs: it can be steered and interrupted by this name."""

    turn: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan."""

    text: str
    status: Literal["pending", "running", "done"] = "pending"


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan as it is now; it takes the place of the last one."""

    steps: tuple[Step, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """It looks at a file, or at what a directory holds; "" is the worktree itself."""

    path: str


Outcome: TypeAlias = Literal["running", "done", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class Writing:
    """It changes a file, makes one or removes one."""

    path: str
    status: Outcome = "running"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command: it never runs without an approval of its own."""

    command: str
    status: Outcome


@dataclass(frozen=True, slots=True)
class Said:
    """More of what it says to the person."""

    delta: str


@dataclass(frozen=True, slots=True)
class Thought:
    """More of what it says of its reasoning."""

    delta: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens the model was last shown and said, and how many it can be shown."""

    used: int
    window: int


@dataclass(frozen=True, slots=True)
class Approval:
    """It wants to do something that is for the person to decide.

    Attributes:
        id: the name by which to answer.
        kind: what it is about.
        what: the thing itself, in full; nothing else is done if it is accepted.
        reason: why, in the agent's words: not to be trusted.
    """

    id: str
    kind: Literal["command"]
    what: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was asked for needs no answer any more."""

    approval: str


@dataclass(frozen=True, slots=True)
class Steered:
    """A turn has taken the new instruction, and goes on with it as soon as it can."""

    turn: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn is over; "lost" is one whose agent died, and nothing but words is lost by that."""

    turn: str
    status: Literal["done", "interrupted", "failed", "lost"]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Compacted:
    """It has summed up what it knows, and goes on."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know, in a sentence; work goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An order was not carried out; `reason` is a sentence that says what to do, where it can."""

    order: Order
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no agent any more; a `Resume` tries once again."""

    reason: str


Report: TypeAlias = (
    Opened
    | TurnStarted
    | Planned
    | Reading
    | Writing
    | Ran
    | Said
    | Thought
    | Tokens
    | Approval
    | Withdrawn
    | Steered
    | TurnEnded
    | Compacted
    | Warned
    | Refused
    | Lost
)
