"""Owns the words in which a `Prompt` is put to a chat model, and reads such words back.

One message per stable block and one message for the cursor, each cut into content parts so that
markers and raw text never share a part: any text survives without escaping, and a longer stable
part begins with the very items of the shorter one. What goes into a prompt is `core`'s business;
how items become a frame is that of `responses`.

```
developer  what is asked                                       always the same
developer  <context kind="rules" path="AGENTS.md"> … </context>
user       <context kind="file" path="src/a.py"> … </context>    one per block
user       <cursor path="src/b.py"> <after> suffix </after> <before> prefix     ends at the cursor
```
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from spark_lsp.core.prompt import Block, Prompt

Item: TypeAlias = dict[str, Any]
"""One element of a Responses `input` list, as plain JSON data."""

TASK = """\
You complete code inside an editor while a person types. Messages with <context> show parts of \
their workspace; the last message shows the open file around the cursor: first the text after the \
cursor, then the text before it, which ends exactly at the cursor.
Answer with only the text to insert at the cursor. It is inserted as it stands: no explanation, no \
Markdown fence, no repetition of what already stands before or after the cursor, the same \
indentation and style as the code around it. Stop where the thought ends, at most a few lines. \
Answer with nothing if nothing should be inserted."""

_CONTEXT_CLOSE = "\n</context>\n"
_BEFORE_OPEN = "\n</after>\n<before>\n"

_CONTEXT_OPEN = re.compile(
    r'<context kind=("(?:[^"\\]|\\.)*") path=("(?:[^"\\]|\\.)*")>\n', re.DOTALL
)
_CURSOR_OPEN = re.compile(r'<cursor path=("(?:[^"\\]|\\.)*")>\n<after>\n', re.DOTALL)


def stable_items(stable: Sequence[Block]) -> list[Item]:
    """Spells the stable part; a longer stable part only ever adds items at the end.

    A block's `reason` is for people and stays here.
    """
    return [_message("developer", TASK), *block_items(stable)]


def block_items(blocks: Sequence[Block]) -> list[Item]:
    """Spells blocks alone, without the task: what a grown stable part adds to a warm base."""
    return [
        _message(
            "developer" if block.kind == "rules" else "user",
            f"<context kind={_quoted(block.kind)} path={_quoted(block.path)}>\n",
            block.text,
            _CONTEXT_CLOSE,
        )
        for block in blocks
    ]


def tail_items(prompt: Prompt) -> list[Item]:
    """Spells what changes with every key: suffix first, then the prefix up to the cursor.

    The prefix ends the last part, so that nothing stands between it and the answer, and so that
    the text in front of the cursor, which grows, is what a prefix cache sees last.
    """
    return [
        _message(
            "user",
            f"<cursor path={_quoted(prompt.path)}>\n<after>\n",
            prompt.suffix,
            _BEFORE_OPEN,
            prompt.prefix,
        )
    ]


def read(items: Sequence[object]) -> Prompt:
    """Reads input items back into a prompt, whoever spelled them.

    For items of this module the result is the prompt that was spelled, without the blocks'
    reasons. Other clients (a plain string, the messages of a chat program) yield a prompt whose
    prefix is the last user message's text; what else they sent is not understood and not used.
    Nothing raises.
    """
    stable: list[Block] = []
    path = prefix = suffix = ""
    for item in items:
        message = _opened(item)
        if message is None:
            continue
        role, texts = message
        match texts:
            case [opening, suffix_text, middle, prefix_text] if (
                role == "user"
                and middle == _BEFORE_OPEN
                and (found := _attributes(_CURSOR_OPEN, opening)) is not None
            ):
                path, prefix, suffix = found[0], prefix_text, suffix_text
            case [opening, text, closing] if (
                closing == _CONTEXT_CLOSE
                and (found := _attributes(_CONTEXT_OPEN, opening)) is not None
            ):
                stable.append(Block(found[0], found[1], text))
            case _:
                if role == "user" and texts:
                    path, prefix, suffix = "", "".join(texts), ""
    return Prompt(tuple(stable), path, prefix, suffix)


def _message(role: Literal["developer", "user"], *texts: str) -> Item:
    return {
        "type": "message",
        "role": role,
        "content": [{"type": "input_text", "text": text} for text in texts],
    }


def _quoted(value: str) -> str:
    # As a JSON string: on one line, and any path reads back exactly.
    return json.dumps(value, ensure_ascii=False)


def _attributes(pattern: re.Pattern[str], opening: str) -> list[str] | None:
    found = pattern.fullmatch(opening)
    if found is None:
        return None
    try:
        return [str(json.loads(group)) for group in found.groups()]
    except ValueError:
        return None


def _opened(item: object) -> tuple[object, list[str]] | None:
    """The role and texts of a message in any of the spellings the API admits, else None."""
    if not isinstance(item, Mapping) or item.get("type", "message") != "message":
        return None
    match item.get("content"):
        case str(text):
            return item.get("role"), [text]
        case list(parts):
            texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
            return item.get("role"), [text for text in texts if isinstance(text, str)]
        case _:
            return None
