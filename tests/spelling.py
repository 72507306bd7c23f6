"""Effects as fixtures spell them; see `tests.conversation`."""

import json

from spark_lsp.core.effects import (
    Cancel,
    Count,
    Draft,
    Effect,
    Explained,
    Foresee,
    Grow,
    Open,
    Pack,
    Proposed,
    Recall,
    Refuse,
    Replacement,
    Reply,
    Report,
    Revise,
    Revised,
    Shelve,
    Steer,
    Steered,
    Stopped,
    Warm,
)


def spelled(effect: Effect) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm an effect
    """Spell an effect; "" for what goes to the library or prepares the backend."""
    match effect:
        case Open(stream):
            return f"open {stream} to rewrite"
        case Draft(stream):
            return f"draft {stream}"
        case Cancel(stream):
            return f"cancel {stream}"
        case Warm() | Shelve() | Pack() | Recall():
            return ""
        case Foresee():
            return "foresee"
        case Grow(request, suggestion):
            return f"grow {request} {json.dumps(suggestion.text)}"
        case Reply(request, verdict, suggestion, reason):
            shown = f" {json.dumps(suggestion.text)}" if suggestion else f" ({reason})"
            return f"{verdict.name.lower()} {request}{shown}"
        case Count():
            return " ".join(filter(None, ("count", effect.what, effect.reason)))
        case Steer(stream, instruction, _):
            return f"steer {stream} {json.dumps(instruction.partition(chr(10))[0])}"
        case Revise(request, _, version, edits) | Revised(request, _, version, edits):
            verb, told = type(effect).__name__.lower(), ", ".join(map(replacement, edits))
            return f"{verb} {request} of {version} [{told}]"
        case Report(request, message, ended):
            return f"report {request} {json.dumps(message)}{' ended' * ended}"
        case Proposed(request, proposals):
            proposed = [f"{it.path} {replacement(it.edit)}" for it in proposals]
            return f"propose {request} [{', '.join(proposed)}]"
        case Steered(request, answer, how):
            return f"steered {request} answer {answer} {how}"
        case Stopped(request, answers):
            return f"stopped {request} {list(answers)}"
        case Refuse(request, refusal, reason):
            return f"refuse {request} {refusal.name.lower()} ({reason})"
        case Explained(request, account):
            return f"explain {request} {json.dumps(account['summary'])}"


def replacement(edit: Replacement) -> str:
    """Spell a replacement."""
    start, end = edit.start, edit.end
    place = f"{start.line}:{start.character}-{end.line}:{end.character}"
    return f"{place} {json.dumps(edit.text)}"
