"""What a model is shown at a cursor, as one value.

Owns the layout: a stable part, packed once per epoch and the same for many keys, and a small
volatile tail. Which model hears it in which words is the business of `wire`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of stable context.

    Attributes:
        kind: "rules", "signatures" or "file".
        path: workspace-relative POSIX path, "" where there is none.
        text: what is shown, verbatim.
        reason: why it was chosen, for people; never sent.
    """

    kind: str
    path: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that goes out for one completion.

    Attributes:
        stable: the part that a model's prefix cache keeps, most stable first.
        path: workspace-relative POSIX path of the open file.
        prefix: a window of the open file that ends at the cursor.
        suffix: a window of the open file that starts at the cursor.
    """

    stable: tuple[Block, ...]
    path: str
    prefix: str
    suffix: str
