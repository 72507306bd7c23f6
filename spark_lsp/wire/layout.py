"""Owns the words in which a `Prompt` or a `Rewrite` is put to a chat model, and reads them back.

One message per stable block and one for what is asked now, each cut into content parts so that
markers and raw text never share a part: any text survives without escaping, and a longer stable
part begins with the very items of the shorter one. What goes into a prompt is `core`'s business;
how items become a frame is that of `requests`.

```
developer  how to answer                                         always the same
developer  <context kind="rules" path="AGENTS.md"> … </context>
user       <context kind="file" path="src/a.py"> … </context>    one per block
user       <cursor path="src/b.py"> <after> suffix </after> <before> prefix     ends at the cursor
```

What a person has said while the completion was being written stands as an <instruction> between
the two, so that the prefix is the last word all the same. Instead of the last, where a region is to
be rewritten:

```
user       <edit path="src/b.py"> <before> … </before> <region> … </region> <after> … </after>
           <instruction> … </instruction>  how to answer this one
```

The stable part is the same for both, so that one warm base serves both; what is different about a
rewrite is said at its end. A plain chat model is shown the same in two messages, see
`chat_messages`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from spark_lsp.core.prompt import Block, Prompt, Rewrite

Item: TypeAlias = dict[str, Any]
"""One element of a Responses `input` list, as plain JSON data."""

TASK = """\
You complete code inside an editor while a person types. Messages with <context> show parts of \
their workspace. The last message shows the open file around the cursor: first the text after the \
cursor, then the text before it, which ends exactly at the cursor.
Answer with only the text that is missing at the cursor. It is inserted as it stands: begin with \
the very next character, and never repeat what stands before the cursor, not even its line or \
indentation, nor what stands after it. No explanation, no Markdown fence, no tags; the same \
indentation and style as the code around it. Stop where the thought ends, at most a few lines. \
Answer with nothing if nothing is missing."""

GUIDED = """\
This time, write what is missing as <instruction> says; all else holds."""
"""What is different about a completion of which the person has said something."""

REWRITE = """\
This time, rewrite <region> as <instruction> says. Answer with only the new text of the region, \
all of it, with its indentation: no text from before or after it, no explanation, no fence, no \
tags."""
"""What is different about a rewrite, and as it contradicts `TASK`, said last."""

MARKUP = ("context", "cursor", "edit", "before", "after", "region", "instruction")
"""The names of the markers, which a model may say again."""

_CONTEXT_CLOSE = "\n</context>\n"
_BEFORE_OPEN = "\n</after>\n<before>\n"
_GUIDED_OPEN = f"\n</instruction>\n{GUIDED}\n<before>\n"
_REGION_OPEN = "\n</before>\n<region>\n"
_AFTER_OPEN = "\n</region>\n<after>\n"
_INSTRUCTION_OPEN = "\n</after>\n<instruction>\n"
_EDIT_CLOSE = f"\n</instruction>\n{REWRITE}"
_CHAT_CLOSE = "</before>\nWrite only what is missing where </before> stands."
_CHAT_GUIDED_CLOSE = (
    "</before>\nWrite only what is missing where </before> stands, as <instruction> says."
)

_CONTEXT_OPEN = re.compile(
    r'<context kind=("(?:[^"\\]|\\.)*") path=("(?:[^"\\]|\\.)*")>\n', re.DOTALL
)
_CURSOR_OPEN = re.compile(r'<cursor path=("(?:[^"\\]|\\.)*")>\n<after>\n', re.DOTALL)
_EDIT_OPEN = re.compile(r'<edit path=("(?:[^"\\]|\\.)*")>\n<before>\n', re.DOTALL)


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


def tail_items(prompt: Prompt | Rewrite) -> list[Item]:
    """Spells what is asked now, and changes with every key.

    The suffix comes first, then the prefix up to the cursor: nothing stands between it and the
    answer, and the text in front of the cursor, which grows, is what a prefix cache sees last. An
    edit is asked for once, so that its parts come in the order of the file.
    """
    path = _quoted(prompt.path)
    if isinstance(prompt, Prompt):
        opening = f"<cursor path={path}>\n<after>\n"
        between = [_BEFORE_OPEN]
        if prompt.instruction:
            between = [_INSTRUCTION_OPEN, prompt.instruction, _GUIDED_OPEN]
        return [_message("user", opening, prompt.suffix, *between, prompt.prefix)]
    return [
        _message(
            "user",
            f"<edit path={path}>\n<before>\n",
            prompt.before,
            _REGION_OPEN,
            prompt.region,
            _AFTER_OPEN,
            prompt.after,
            _INSTRUCTION_OPEN,
            prompt.instruction,
            _EDIT_CLOSE,
        )
    ]


def chat_messages(prompt: Prompt | Rewrite) -> list[dict[str, str]]:
    """Spells it all for a plain chat model, as the `messages` of chat completions.

    One system message, then one user message, each a string: templates of open models reject a
    system message in the middle, two user messages in a row, or parts. They also strip blanks from
    the end of a message, where a prefix has its indentation: so the cursor has a marker here, and
    the last words, which small models heed most, say what is wanted. A longer stable part still
    begins like the shorter one.
    """
    items = stable_items(prompt.stable)
    users = [item["role"] == "user" for item in items]
    first = users.index(True) if True in users else len(items)
    asked = [*items[first:], *tail_items(prompt)]
    closing = ""
    if isinstance(prompt, Prompt):
        closing = _CHAT_GUIDED_CLOSE if prompt.instruction else _CHAT_CLOSE
    return [
        {"role": "system", "content": f"{TASK}\n{_text(items[1:first])}"},
        {"role": "user", "content": _text(asked) + closing},
    ]


def read(items: Sequence[object]) -> Prompt:
    """Reads input items back into a prompt, whoever spelled them.

    For items of this module the result is the prompt that was spelled, without the blocks'
    reasons. Other clients (a plain string, the messages of a chat program) yield a prompt whose
    prefix is the last user message's text; what else they sent is not understood and not used.
    Once a place is told, only another place moves it: what else a user says is a steer (§1.6 a).
    An answer that was cut belongs to the prefix, since it is to go on from there.
    Of a rewrite, see `read_rewrite`, the cursor stands where the region begins. Nothing raises.
    """
    stable: list[Block] = []
    path = prefix = suffix = instruction = ""
    placed = False
    for item in items:
        message = _opened(item)
        if message is None:
            continue
        role, texts = message
        match texts:
            case _ if role == "user" and (cursor := _cursor(texts)) is not None:
                path, prefix, suffix = cursor.path, cursor.prefix, cursor.suffix
                instruction, placed = cursor.instruction, True
            case _ if (block := _block(texts)) is not None:
                stable.append(block)
            case _ if role == "user" and (edit := _edit(texts)) is not None:
                path, prefix, suffix = edit.path, edit.before, edit.region + edit.after
                instruction, placed = "", True
            case _ if role == "user" and texts and not placed:
                path, prefix, suffix = "", "".join(texts), ""
            case _ if role == "assistant" and isinstance(item, Mapping):
                if item.get("status") == "incomplete":
                    prefix += "".join(texts)
            case _:
                pass
    return Prompt(tuple(stable), path, prefix, suffix, instruction)


def read_rewrite(items: Sequence[object]) -> Rewrite | None:
    """Reads items back into the rewrite that they ask for; None if they ask for something else.

    The last user message with text decides what is asked.
    """
    for item in reversed(items):
        role, texts = _opened(item) or ("", [])
        if role == "user" and texts and _block(texts) is None:
            asked = _edit(texts)
            return None if asked is None else replace(asked, stable=read(items).stable)
    return None


def _message(role: Literal["developer", "user"], *texts: str) -> Item:
    return {
        "type": "message",
        "role": role,
        "content": [{"type": "input_text", "text": text} for text in texts],
    }


def _text(items: Sequence[Item]) -> str:
    return "".join(part["text"] for item in items for part in item["content"])


def _block(texts: Sequence[str]) -> Block | None:
    match texts:
        case [opening, text, closing] if closing == _CONTEXT_CLOSE:
            found = _attributes(_CONTEXT_OPEN, opening)
            return None if found is None else Block(found[0], found[1], text)
        case _:
            return None


def _cursor(texts: Sequence[str]) -> Prompt | None:
    """The completion that the parts of a message ask for, without the stable part."""
    match texts:
        case [opening, suffix, middle, prefix] if middle == _BEFORE_OPEN:
            instruction = ""
        case [opening, suffix, first, instruction, second, prefix] if (first, second) == (
            _INSTRUCTION_OPEN,
            _GUIDED_OPEN,
        ):
            pass
        case _:
            return None
    found = _attributes(_CURSOR_OPEN, opening)
    return None if found is None else Prompt((), found[0], prefix, suffix, instruction)


def _edit(texts: Sequence[str]) -> Rewrite | None:
    """The rewrite that the parts of a message ask for, without the stable part."""
    markers = [_REGION_OPEN, _AFTER_OPEN, _INSTRUCTION_OPEN, _EDIT_CLOSE]
    if len(texts) != 9 or list(texts[2::2]) != markers:
        return None
    found = _attributes(_EDIT_OPEN, texts[0])
    if found is None:
        return None
    before, region, after, instruction = texts[1::2]
    return Rewrite((), found[0], before, region, after, instruction)


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
