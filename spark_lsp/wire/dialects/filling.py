"""Owns what the dialects of fill-in-the-middle models share: the prompt by a template.

What is shown is `sections`' choice and how it is spelled `templates`'; here the spelled head is
kept from key to key, because making half a megabyte of text harmless takes longer than all else.
"""

from dataclasses import dataclass

from spark_lsp.core.prompt import Block, Prompt, Rewrite
from spark_lsp.wire.dialects.sections import Section, own, sections
from spark_lsp.wire.dialects.templates import Manner, Template


@dataclass(frozen=True, slots=True)
class Filled:
    """A prompt as a template wants it.

    Attributes:
        prompt: the whole prompt; what stands before the cursor, where the suffix has a field.
        suffix: what stands after the cursor, for the field.
    """

    prompt: str
    suffix: str


class Filler:
    """Spells prompts by one template."""

    def __init__(self, template: Template) -> None:
        """Take the template."""
        self.template = template
        self._key: tuple[tuple[Block, ...], str, str] = ((), "", "")
        self._head = ""
        self._manner: Manner | None = None
        self._spelled: dict[Section, str] = {}

    def fill(self, prompt: Prompt | Rewrite) -> Filled:
        """Return the prompt as the template wants it; it must be one for a completion."""
        assert isinstance(prompt, Prompt)
        known = own(prompt)
        key = (prompt.stable, prompt.path, known.behind)
        if self._key != key:
            self._key, self._head = key, self._headed(*key)
        before = known.before + prompt.prefix
        spelled = self.template.render(self._head, prompt.path, before, prompt.suffix)
        return Filled(spelled, self.template.harmless(prompt.suffix))

    def _headed(self, stable: tuple[Block, ...], path: str, behind: str) -> str:
        """Return the head, for which only sections are spelled that have not been."""
        shown = sections(stable, path)
        if behind:
            shown += (Section(path, behind),)
        if not shown:
            return ""
        manner = self.template.context(path)
        old = self._spelled if manner is self._manner else {}
        self._manner = manner
        self._spelled = {it: old.get(it) or self.template.spelled(it, manner) for it in shown}
        spelled = (self._spelled[it] for it in shown)
        return "".join((manner.opening, *spelled, manner.closing))
