"""Owns what of a prompt a fill-in-the-middle model is shown, and in which order.

Such a model continues files; it does not follow instructions. So the stable part becomes
*sections*, each some text under the path of its file. How a template spells them is `templates`'.

What becomes of each kind of block:

- "rules" are left out. A base model would go on writing prose in their manner, and what it has not
  been trained to obey only takes room.
- "signatures", "file" and "chunk" are sections as they are.
- "edit" shows the lines that the edit has left behind, without the marks of a diff, which a model
  that continues text would continue.
- The "file" of the open document is a copy from when the stable part was packed. Around the cursor
  it is out of date by just the keys that matter, and says that nothing follows there: a model that
  looks for what came after these words before would answer with nothing. So it is taken out, and
  what it holds outside of the windows of the tail is used elsewhere:

  - What stands before the window goes in front of the prefix. Both together are the file up to the
    cursor, so they stay the same to the byte when the window's beginning moves on, and up to the
    cursor when the cursor jumps: that is what a prefix cache wants, and what the model was trained
    on.
  - What stands behind it becomes the last section, in steps of `_STEP` characters, so that small
    moves do not change it. In front of the suffix's end it would be read anew with every key, as
    the suffix follows the prefix.

  Within one document nothing in front of the last section ever changes. When the person turns to
  another document of the same stable part, the sections change where the two files stand, and the
  model reads anew from there; a stable part that shows all documents alike would cost quality with
  every key instead.
"""

import re
from dataclasses import dataclass

from spark_lsp.core.prompt import Block, Prompt
from spark_lsp.core.windows import outside

_STEP = 4096
_EDGE = 400
"""Characters of a window from which on it is known to begin, or end, inside of the file."""
_LINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Section:
    """Some text of a file."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Own:
    """What is known of the open file outside of the windows around the cursor."""

    before: str = ""
    behind: str = ""


def sections(stable: tuple[Block, ...], path: str) -> tuple[Section, ...]:
    """Return what is shown of a stable part to one who writes in the file at `path`."""
    shown = (_section(block, path) for block in stable)
    return tuple(section for section in shown if section is not None and section.text)


def own(prompt: Prompt) -> Own:
    """Return what the stable part knows of the open file that the tail does not show."""
    copies = [it for it in prompt.stable if it.kind == "file" and it.path == prompt.path]
    if not copies:
        return Own()
    body = copies[-1].text
    before, behind = outside(body, prompt.prefix, prompt.suffix)
    # A short window reaches to the end of the file: nothing stands outside of it, and its few
    # words may be found anywhere.
    if len(prompt.prefix) < _EDGE:
        before = ""
    if len(prompt.suffix) < _EDGE:
        behind = ""
    return Own(before, body[_stepped(body, len(body) - len(behind)) :])


def _section(block: Block, path: str) -> Section | None:
    match block.kind:
        case "rules":
            return None
        case "file" if block.path == path:
            return None
        case "edit":
            return Section(block.path, block.left_behind)
        case _:
            return Section(block.path, block.text)


def _stepped(body: str, start: int) -> int:
    """Return the beginning of the first line that lies whole behind the next step."""
    if start >= len(body):
        return len(body)
    step = -(-start // _STEP) * _STEP
    found = _LINE.search(body, step)
    return found.end() if found else len(body)
