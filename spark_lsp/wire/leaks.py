"""Owns what a chat model says around an answer: markers, control tokens, polite sentences.

Here is what such things look like and when it is certain; what becomes of the answer is decided in
`cleaning`. In doubt a text is no leak: what a file itself contains never is.
"""

import re

from spark_lsp.wire.layout import MARKUP

THINKING = re.compile(r"<(think|thinking|thought|reasoning)>")
"""How a reasoning model begins to think aloud; it ends with the same name closed."""

_CONTROL = (
    r"<\|[^\s<>|]{1,32}\|>"
    r"|<\uff5c[^\s<>\uff5c]{1,32}\uff5c>"
    r"|<(?:fim_(?:prefix|suffix|middle|pad)|file_sep|repo_?name|(?:start|end)_of_turn|EOT|MID|SUF)>"
)
_NAMES = (*MARKUP, "completion")
_MARK = re.compile(
    rf"(?P<control>{_CONTROL})|</(?P<closed>{'|'.join(MARKUP)}|(?i:completion))>",
)
_OPENED = re.compile(rf"<(?P<name>{'|'.join(MARKUP)}|(?i:completion))[ >]")
_OURS = ('<context kind="', '<cursor path="', '<edit path="')
"""How a line of ours begins that nobody else writes."""
_LONGEST = 36
"""Characters of the longest marker or token."""
_BEGUN = re.compile(r"<(?:\|[^\s<>|]{0,32}\|?|\uff5c[^\s<>\uff5c]{0,32}\uff5c?)?")
_LITERALS = (
    *(f"</{name}>" for name in _NAMES),
    *(f"<{name}>" for name in _NAMES),
    *_OURS,
    *(f"<fim_{name}>" for name in ("prefix", "suffix", "middle", "pad")),
    *("<file_sep>", "<repo_name>", "<reponame>", "<start_of_turn>", "<end_of_turn>"),
    *("<eot>", "<mid>", "<suf>"),
)
_THOUGHTS = ("<think>", "<thinking>", "<thought>", "<reasoning>")
_LAST = re.compile(r"<[^a-z]*(?:end(?!_header)|eo[tms]\b|eo[tms]_|return|file_sep)", re.IGNORECASE)
_ROLE = re.compile(r"(?:assistant|model|final)?(?:\r?\n){0,2}")
"""What may follow a control token that begins an answer."""
_LONGEST_ROLE = len("assistant\r\n\r\n")
_LINE_END = re.compile(r"\r?\n")
_QUOTING = re.compile(r"(?:^|[^\w\"'`)\]}.!?\\])[A-Za-z]?[\"'`]\Z|\\[\"'`]\Z")
"""How a text ends in which a quotation has just begun; a letter behind a backslash begins none."""

_COURTESIES = ("Sure", "Sure thing", "Certainly", "Of course", "Absolutely", "Okay", "OK", "Got it")
_OPENERS = (
    *(word + mark for word in _COURTESIES for mark in "!,."),
    *("Here is ", "Here's ", "Here are ", "Below is ", "The missing ", "The complete"),
    *("The rewritten ", "The updated ", "The new ", "The inserted ", "The following "),
    *("The code ", "The text ", "The region ", "To complete ", "I've ", "I have "),
    *("I'll ", "Let me ", "Let's ", "Based on ", "Nothing to ", "Nothing should "),
    *("Nothing needs ", "Nothing is ", "There is nothing ", "There's nothing ", "No text "),
    *("No code ", "No completion ", "No insertion ", "No change", "No additional "),
)
_REFUSALS = ("I'm sorry, ", "I apologize", "As an AI", "I cannot ", "I can't ")
_POLITE_OPENERS = (*_OPENERS, *_REFUSALS)
_POLITE = re.compile(
    rf"(?:{'|'.join(_COURTESIES)})[!,.](?:[^;{{}}]*[.!:])?"
    r"|(?:Here(?:'s| is| are)|Below is|The (?:missing|complete|rewritten|updated|new|inserted"
    r"|following|code|text|region)|To complete|I(?:'ve| have|'ll)|Let me|Let's|Based on)"
    r"[^;{}]*\b(?:cod(?:e|ing)|complet\w+|text|functions?|snippets?|lines?|insert\w*|missing"
    r"|region|rewrit\w+|implementation|version|answer|result)\b[^;{}]*:"
    r"|(?:There(?: is|'s) nothing|Nothing (?:to|should|needs|is))[^;{}]{0,80}"
    r"|No (?:text|code|completion|insertion|changes?|additional \w+)(?: is| are)?"
    r" (?:needed|required|necessary|missing)[^;{}]{0,80}"
)
"""Lines that say nothing but that an answer follows, or that there is none."""

_AFTERWORDS = (
    *("This code ", "This completes ", "This completion ", "This function ", "This method "),
    *("This implementation ", "This snippet ", "This will ", "This line ", "This version "),
    *("The above ", "The code above ", "The completed ", "The inserted ", "The missing "),
    *("Explanation:", "**Explanation", "### Explanation", "## Explanation", "Note that "),
    *("Note: ", "**Note", "Please note ", "Let me know ", "I hope this ", "Hope this "),
    *("I've ", "I have ", "I added ", "I completed ", "I inserted ", "In this "),
    *("Here's what ", "Here is what ", "Would you like ", "Feel free "),
)
"""How a paragraph behind an answer begins that explains it. No line of code begins like this."""


class Marks:
    """The markers and control tokens that are leaks in one place."""

    def __init__(self, around: str, *, markup: bool) -> None:
        """Take the text around the answer: what it speaks of the answer may speak of, too.

        In markup an answer may begin with a tag of any name.
        """
        found = list(_MARK.finditer(around)) if "<" in around else []
        ours = any(it["closed"] for it in found) or _OPENED.search(around) is not None
        self._controls = not any(it["control"] for it in found)
        self._markers = not ours
        self._names = set() if ours else set(_NAMES)
        self._markup = markup
        self._thoughts = not THINKING.search(around)

    def ends(self, text: str, at: int, before: str, *, final: bool) -> bool | None:
        """Whether the "<" at an offset begins a leak; None if the next characters decide.

        Behind an opening quotation mark, by some characters before, it is spoken of.
        """
        found = _MARK.match(text, at)
        if found is not None:
            return _QUOTING.search(before) is None and self._leaks(found)
        opened = _OPENED.match(text, at)
        if opened is not None:  # what the answer opens itself it may close
            self._names.discard(opened["name"].lower())
            return False
        return None if not final and _begun(text, at, _LITERALS) else False

    def ends_before(self, line: str, *, complete: bool) -> bool | None:
        """Whether a line, without indentation, is where our prompt is said again; None to wait."""
        return self._markers and _begins_like(line, _OURS, complete=complete)

    def thinking(self, text: str, at: int, *, final: bool) -> str | None:
        """How the thought ends that begins at an offset; "" for no thought, None to wait."""
        if not self._thoughts:
            return ""
        found = THINKING.match(text, at)
        if found is not None:
            return f"</{found[1]}>"
        return None if not final and _begun(text, at, _THOUGHTS) else ""

    def opening(self, text: str, at: int, before: str, *, final: bool) -> int | None:
        """The end of a marker that an answer begins with; `at` if there is none, None to wait.

        An answer that begins with its end, -1, is empty.
        """
        if not text.startswith("<", at) or _QUOTING.search(before) is not None:
            return at
        ours = self._markers and _begins_like(text[at:], _OURS, complete=final)
        if ours:
            return -1
        found, opened = _MARK.match(text, at), _OPENED.match(text, at)
        if found is not None and self._leaks(found):
            end, behind = found.end(), _ROLE if found["control"] else _LINE_END
            if found["control"] and _LAST.match(found["control"]):
                return -1
        elif (
            opened is not None
            and not self._markup
            and opened[0].endswith(">")
            and self._names_marker(opened["name"])
        ):
            end, behind = opened.end(), _LINE_END
        else:
            waits = ours is None or _begun(text, at, _LITERALS)
            return None if waits and not final else at
        if len(text) - end < _LONGEST_ROLE and not final:
            return None
        more = behind.match(text, end)
        return end if more is None else more.end()

    def _names_marker(self, name: str) -> bool:
        return name.lower() in self._names

    def _leaks(self, found: "re.Match[str]") -> bool:
        if found["control"]:
            return self._controls
        return self._names_marker(found["closed"])


def _begun(text: str, at: int, literals: tuple[str, ...]) -> bool:
    """Whether a text ends in the middle of what may be one of ours."""
    if len(text) - at > _LONGEST:
        return False
    tail = text[at:]
    lowered = tail.lower()
    return _BEGUN.fullmatch(tail) is not None or any(it.startswith(lowered) for it in literals)


def begins_politely(line: str, *, complete: bool) -> bool | None:
    """Whether a line begins like a sentence of a chat model; None if the next characters decide."""
    return _begins_like(_plain(line), _POLITE_OPENERS, complete=complete)


def says_nothing(line: str) -> bool:
    """Whether a whole line speaks about the answer and is no part of it, beyond doubt in code."""
    return _POLITE.fullmatch(_plain(line)) is not None


def refuses(line: str) -> bool:
    """Whether a line begins to decline: no answer follows."""
    return _plain(line).startswith(_REFUSALS)


def explains(line: str, *, complete: bool) -> bool | None:
    """Whether a line begins to explain the answer before it; None to wait."""
    return _begins_like(_plain(line), _AFTERWORDS, complete=complete)


def _begins_like(line: str, openers: tuple[str, ...], *, complete: bool) -> bool | None:
    if line.startswith(openers):
        return True
    return None if not complete and any(it.startswith(line) for it in openers) else False


def _plain(line: str) -> str:
    return line.replace("\u2019", "'")
