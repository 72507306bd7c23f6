"""Owns what an app-server's notifications mean in the words of `core.tasks.agent`.

A function of the message alone. What needs to be remembered, or answered, is left to the agent.
"""

from spark_lsp.core.tasks.agent import (
    Compacted,
    Outcome,
    Planned,
    Ran,
    Report,
    Said,
    Step,
    Thought,
    Tokens,
    TurnEnded,
    TurnStarted,
    Warned,
    Writing,
)
from spark_lsp.wire.appserver import told
from spark_lsp.wire.appserver.told import Notification

_OUTCOMES: dict[str, Outcome] = {
    "inProgress": "running",
    "completed": "done",
    "failed": "failed",
    "declined": "refused",
}


def reports(message: Notification, thread: str, root: str) -> tuple[Report, ...]:
    """Return what a notification of a thread says; nothing for one of any other thread.

    `root` is the worktree, as the server knows it: paths below are told relative to it.
    """
    if message.thread_id and message.thread_id != thread:
        return ()
    match message:
        case told.ItemStarted(item=item) | told.ItemCompleted(item=item):
            return _item(item, root, over=isinstance(message, told.ItemCompleted))
        case told.MessageDelta(delta=delta):
            report: Report = Said(delta)
        case told.ReasoningDelta(delta=delta):
            report = Thought(delta)
        case told.Trouble(error=error, will_retry=True):
            report = Warned(told.sentence(error.message))
        case told.Notice(message=text):
            report = Warned(told.sentence(text))
        case told.Trouble() | told.Resolved():
            # What is not tried again ends the turn, which says so itself.
            return ()
        case _:
            report = _standing(message)
    return (report,)


def _standing(
    message: told.TurnStarted | told.TurnCompleted | told.PlanUpdated | told.TokensUsed,
) -> Report:
    match message:
        case told.TurnStarted(turn=turn):
            return TurnStarted(turn.id)
        case told.TurnCompleted(turn=turn):
            return _ended(turn)
        case told.PlanUpdated(plan=plan, explanation=note):
            return Planned(tuple(map(_step, plan)), note or "")
        case told.TokensUsed(token_usage=usage):
            return Tokens(usage.last.total_tokens, usage.model_context_window or 0)


def relative(path: str, root: str) -> str:
    """Return a path as it is told: relative and with slashes, if it lies below the root."""
    for separator in ("/", "\\"):
        if path.startswith(root.rstrip("/\\") + separator):
            return path[len(root.rstrip("/\\")) + 1 :].replace("\\", "/")
    return path


def _ended(turn: told.TurnBody) -> TurnEnded:
    match turn.status:
        case "completed":
            return TurnEnded(turn.id, "done", turn.problem)
        case "interrupted":
            return TurnEnded(turn.id, "interrupted", turn.problem)
    return TurnEnded(turn.id, "failed", turn.problem)


def _step(step: told.PlanStep) -> Step:
    match step.status:
        case "completed":
            return Step(step.step, "done")
        case "inProgress":
            return Step(step.step, "running")
    return Step(step.step)


def _item(item: told.Item, root: str, *, over: bool) -> tuple[Report, ...]:
    outcome = _OUTCOMES.get(item.status, "failed" if over else "running")
    match item.type:
        case "fileChange":
            return tuple(Writing(relative(it.path, root), outcome) for it in item.changes)
        case "commandExecution":
            return (Ran(item.command, outcome),)
        case "contextCompaction" if over:
            return (Compacted(),)
    return ()
