"""What an agent is told of a task: the rules that hold throughout, and what is to be done.

Owns these words. How it is to look around and to write is told by `tools`, in what form it gives
its reasons by `reasons`. Rules of the repository are kept word for word: they are a part of the
instructions, which no summing up of a long conversation touches.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from spark_lsp.core.secrets import redact
from spark_lsp.core.tasks.reasons import REQUEST

GO_ON: Final = (
    "The process that you worked in has ended in the middle of this. What you have written is "
    "still there. Look at what is done, and go on with what is not."
)
_LONGEST: Final = 200_000
"""Characters of a change that are shown; the rest can be read in the files."""


class Selection(NamedTuple):
    """What the person has selected; lines count from 1, both ends among them."""

    path: str
    first_line: int
    last_line: int
    text: str


def instructions(rules: Mapping[str, str]) -> str:
    """Return what holds for the whole conversation; rules by the path of the file they stand in."""
    told = [
        f"<rules file={path!r}>\n{text}\n</rules>" for path, text in rules.items() if text.strip()
    ]
    preface = ["These rules of the repository hold for the folder that they stand in."] * bool(told)
    return "\n\n".join([*preface, *told, REQUEST])


def task(instruction: str, documents: Sequence[str] = (), selected: Selection | None = None) -> str:
    """Return what is to be done, with what the person has open or selected; secrets masked."""
    parts = [instruction.strip()]
    if documents:
        parts.append("The person has these files in mind: " + ", ".join(documents))
    if selected:
        parts.append(
            f"They have selected lines {selected.first_line} to {selected.last_line} of "
            f"{selected.path}:\n\n{selected.text}"
        )
    return redact("\n\n".join(parts))


def finish(instruction: str, change: str, fresh: Sequence[str]) -> str:
    """Return that a change is to be reviewed and completed: its diff, and files that are new.

    The diff is without secrets, see `change`.
    """
    shown = change[:_LONGEST]
    cut = "\n(The rest is not shown: read the files.)" if len(shown) < len(change) else ""
    new = "\n\nThese files are new: " + ", ".join(fresh) if fresh else ""
    wish = f"\n\nThe person adds: {redact(instruction.strip())}" if instruction.strip() else ""
    return (
        "The person has made the following change, partly with a fast model, and has not reviewed "
        "it yet. Review it: look for what is wrong, what was forgotten elsewhere, and what is left "
        "half done. Mend and complete it in the files as they are. Leave what is right as it is. "
        f"Give the reason of each of your changes.{wish}\n\n```diff\n{shown}{cut}\n```{new}"
    )
