"""Places where a model was asked in vain.

Owns the memory of the last one, and for how long it is believed: an editor that asks there again
and again shall not cost a request each time, but an engine that was still learning, or a model that
has been told more, may well have something a little later.
"""

from spark_lsp.core.text import Text

LAPSE = 5.0
"""Seconds after which a model is asked again about the same text."""


class Barren:
    """The last place where nothing came that could be shown."""

    def __init__(self) -> None:
        """Begin without one."""
        self._place: tuple[str, Text, int] | None = None
        self._reason = ""
        self._until = 0.0

    def add(self, uri: str, text: Text, offset: int, reason: str, now: float) -> None:
        """Nothing came for a place in a text, for a reason."""
        self._place, self._reason, self._until = (uri, text, offset), reason, now + LAPSE

    def why(self, uri: str, text: Text, offset: int, now: float) -> str:
        """Return why it is of no use to ask for a place in a text, or "" if it may be."""
        known = self._place == (uri, text, offset) and now < self._until
        return self._reason if known else ""

    def forget(self) -> None:
        """Whatever was asked in vain may be asked again."""
        self._place = None
