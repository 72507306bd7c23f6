"""Whether an instruction is carried out at once where it was given, or beside the person as a task.

Owns that judgement. What the person says outright decides: a setting of the request first, then
words such as "in the background" or "quick". Else signs are counted, each with its weight and a
sentence that says why; two of weight make it a task. What points at one place takes weight off.

Words are English; an instruction in another language is judged by its length, its steps, and the
files and names in it, which look the same everywhere. A wrong guess costs little: either side can
be asked for, and neither changes anything that is not accepted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Side: TypeAlias = Literal["foreground", "background"]

_LOOKED_AT = 20_000
"""Characters of an instruction that are looked at."""
_ENOUGH = 2
"""Weight from which on an instruction is a task."""
_LONG, _VERY_LONG = 40, 80
"""Words of an instruction that say: this is more than one small thing."""
_STEPS = 3
"""Items of a list that say so too."""
_NAMES = 4
"""Names of code that say so too."""
_FILES = 2
_LARGE = 150
"""Lines of a selection above which writing it anew takes longer than a person waits."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where an instruction goes, and why, a sentence each."""

    side: Side
    reasons: tuple[str, ...]


class _Sign(NamedTuple):
    weight: int
    why: str


def route(instruction: str, selection: str = "", *, chosen: Side | None = None) -> Route:
    """Return where an instruction goes, given what is selected and which side was asked for."""
    text = instruction[:_LOOKED_AT]
    if chosen:
        return Route(chosen, (f"You have asked for the {chosen}.",))
    if said := _BACKGROUND.search(text):
        return Route("background", (f'You have said "{_quoted(said)}".',))
    if said := _QUICK.search(text):
        return Route("foreground", (f'You have said "{_quoted(said)}".',))
    if not text.strip():
        return Route("foreground", ("Nothing is asked for.",))
    signs = [*_wide(text, selected=bool(selection.strip())), *_counted(text, selection)]
    local = [*_local(text, selection)]
    weight = sum(it.weight for it in signs)
    if weight and weight + sum(it.weight for it in local) >= _ENOUGH:
        return Route("background", tuple(it.why for it in signs))
    here = tuple(it.why for it in local) or ("It is short and names nothing wide.",)
    return Route("foreground", here)


# --- What is said ---------------------------------------------------------------------------------


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(words)})(?![\w/-])", re.IGNORECASE)


_BACKGROUND = _any(
    r"in the background", r"as a (?:background )?task", r"take your time",
    r"while I (?:go|work|type)",
)  # fmt: skip
_QUICK = _any(r"quick(?:ly)?", r"right here", r"in ?line,? please", r"in the foreground")
_EVERY = _any(r"all", r"every(?:thing|one)?", r"each", r"any")
_FAR = _any(
    r"across", r"everywhere", r"throughout", r"project[- ]wide", r"repo(?:sitory)?[- ]wide",
    r"(?:the |whole |entire |this ){1,2}(?:repo|repository|project|codebase|code base|package|app)",
    r"(?:all|every|each)(?: of)?(?: the)?(?: other)? (?:files?|modules?|packages?|call ?sites?"
    r"|callers?|usages?|uses|references?|occurrences?|classes|components?|endpoints?|tests?|places?)",
    r"(?:other|several|multiple|both) (?:files|modules|packages|places)",
)  # fmt: skip
_RENAME = _any(r"rename", r"move", r"extract .{1,40} into (?:its|a|an) (?:own |new |separate )*"
               r"(?:file|module|package)")  # fmt: skip
_TESTS = _any(
    r"(?:add|write|create|generate|extend)(?: [\w-]+){0,3} (?:unit |integration )?tests?",
    r"(?:unit|integration|end-to-end) tests?", r"test coverage",
)  # fmt: skip
_RUNS = _any(
    r"(?:run|pass|failing|broken) (?:the |all |our )*(?:tests?|builds?|linters?|suite|ci)",
    r"(?:tests?|builds?|ci)(?: suite)? (?:pass|fail|green|is broken|are broken)",
    r"find out", r"investigate", r"debug", r"benchmark", r"profile", r"look into",
)  # fmt: skip
_LARGER = _any(
    r"migrate", r"port", r"upgrade", r"refactor", r"restructure", r"reorgani[sz]e", r"redesign",
    r"rewrite", r"implement", r"integrate", r"replace", r"split", r"set up", r"support for",
    r"new (?:file|module|package|feature|command|endpoint|class|page|component)",
)  # fmt: skip
_HERE = _any(
    r"(?:this|the current|the selected|these) (?:lines?|functions?|loops?|methods?|variables?"
    r"|blocks?|selections?|expressions?|conditions?|statements?|arguments?|parameters?|strings?|comments?"
    r"|docstrings?|branch|call|type|signature|imports?)", r"here", r"selection",
)  # fmt: skip
_PATH = re.compile(
    r"(?<![\w/.@-])(?:[\w.@-]{1,64}/){1,12}[\w.@-]{0,64}"
    r"|(?<![\w/.@-])[\w-]{1,64}\.(?:[a-z]{1,4}|json|yaml|toml|html)(?![\w(])"
)
_NAME = re.compile(
    r"`([^`\n]{1,80})`|\b([A-Za-z]\w{0,60}_\w{1,60})\b|\b([a-z]+[A-Z]\w{1,60})\b|\b(\w{2,60})\(\)"
)
_ABBREVIATIONS = frozenset({"e.g", "i.e", "etc", "vs"})
_STEP = re.compile(r"^[ \t]{0,8}(?:[-*+]|\d{1,2}[.)])[ \t]", re.MULTILINE)
_THEN = _any(r"then", r"after that", r"also", r"finally", r"as well as")


def _wide(text: str, *, selected: bool) -> Iterator[_Sign]:
    """Yield what the words say. With a selection many a word is about no more than that."""
    if said := _FAR.search(text):
        yield _Sign(2, f'"{_quoted(said)}" reaches beyond one place.')
    elif said := _EVERY.search(text):
        yield _Sign(1 if selected else 2, f'"{_quoted(said)}" may be many places.')
    if said := _RENAME.search(text):
        yield _Sign(1 if selected else 2, f'"{_quoted(said)}" changes what others refer to.')
    if said := _TESTS.search(text):
        yield _Sign(2, f'"{_quoted(said)}": tests stand in files of their own.')
    if said := _RUNS.search(text):
        yield _Sign(2, f'"{_quoted(said)}" needs to run something or look around.')
    if said := _LARGER.search(text):
        yield _Sign(1, f'"{_quoted(said)}" is seldom a small change.')


def _counted(text: str, selection: str) -> Iterator[_Sign]:
    words = len(text.split())
    if words > _LONG:
        yield _Sign(1 + (words > _VERY_LONG), f"It is long: {words} words.")
    steps = max(len(_STEP.findall(text)), len(_THEN.findall(text)) + 1)
    if steps >= _STEPS:
        yield _Sign(2, f"It has {steps} steps.")
    files = {it[0] for it in _PATH.finditer(text)} - _ABBREVIATIONS
    if files:
        several = len(files) >= _FILES
        named = f"{len(files)} files" if several else f"the file {min(files)}"
        yield _Sign(1 + several, f"It names {named}.")
    names = {next(filter(None, it.groups())) for it in _NAME.finditer(text)} - files
    if len(names) >= _NAMES:
        yield _Sign(2, f"It names {len(names)} things in the code.")
    lines = selection.count("\n") + 1
    if lines > _LARGE:
        yield _Sign(2, f"The selection is large: {lines} lines.")


def _local(text: str, selection: str) -> Iterator[_Sign]:
    if said := _HERE.search(text):
        yield _Sign(-1, f'"{_quoted(said)}" is one place.')
    lines = selection.count("\n") + 1
    if selection.strip() and lines <= _LARGE:
        yield _Sign(0, f"The selection is small: {lines} line{'s' if lines > 1 else ''}.")


def _quoted(said: re.Match[str]) -> str:
    return " ".join(said[0].split())
