"""A picture of how well confidence tells right from wrong, as SVG.

Owns the drawing: to the left, of answers of about the same confidence the share that is exact; to
the right, what share of the tasks something is shown for and how much of that is exact, as less and
less sure answers are shown. It brings its own background, so that it can be read on any page, and
fetches nothing.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from spark_lsp.cli.evaluation.scores import Bin, Point

_WIDTH: Final = 880
_HEIGHT: Final = 440
_SIDE: Final = 300
"""Units of each side of a plot."""
_TOP: Final = 84
_MOST: Final = 200
"""Points of a curve that an eye can tell apart."""
_INK, _FAINT, _PAPER, _LINE, _DOT = "#24292f", "#d0d7de", "#ffffff", "#0969da", "#bc4c00"
_NOTHING: Final = "The server has not said how sure it was: there is nothing to compare."


class _Frame(NamedTuple):
    """A plot's place: the left edge, and what its title and axes say."""

    left: float
    title: str
    across: str
    up: str

    def at(self, across: float, up: float) -> tuple[float, float]:
        """Return where two shares are in the picture."""
        return round(self.left + across * _SIDE, 1), round(_TOP + (1 - up) * _SIDE, 1)


def drawn(title: str, held: Sequence[Bin], points: Sequence[Point]) -> str:
    """Return the picture as SVG; without confidences it says in a sentence that there are none."""
    parts = [*_plots(held, points)] if held else [_text(_WIDTH / 2, _HEIGHT / 2, _NOTHING)]
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="{_PAPER}"/>',
        _text(_WIDTH / 2, 32, title, size=17, weight="bold"),
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _plots(held: Sequence[Bin], points: Sequence[Point]) -> Iterator[str]:
    left = _Frame(
        84, "Is it as right as it is sure?", "confidence of an answer", "share that is exact"
    )
    right = _Frame(
        520, "Showing more, or showing right", "share of tasks with an answer", "exact of those"
    )
    for frame in (left, right):
        yield from _axes(frame)
    yield _line([left.at(0, 0), left.at(1, 1)], _INK, dashed=True)
    yield _line([left.at(it.confidence, it.exact) for it in held], _LINE)
    most = max(it.answers for it in held)
    for it in held:
        across, up = left.at(it.confidence, it.exact)
        size = round(3 + 7 * (it.answers / most) ** 0.5, 1)
        note = f"{it.answers} answers: sure by {it.confidence:.0%}, exact {it.exact:.0%}"
        yield (
            f'<circle cx="{across}" cy="{up}" r="{size}" fill="{_DOT}" fill-opacity="0.8">'
            f"<title>{note}</title></circle>"
        )
    step = max(1, len(points) // _MOST)
    kept = [*points[:-1:step], *points[-1:]]
    yield _line([right.at(it.shown, it.exact) for it in kept], _LINE)


def _axes(frame: _Frame) -> Iterator[str]:
    yield _text(frame.left + _SIDE / 2, _TOP - 18, frame.title, size=14)
    for tick in range(0, 101, 20):
        share = tick / 100
        across, bottom = frame.at(share, 0)
        yield _line([(across, bottom), frame.at(share, 1)], _FAINT)
        yield _text(across, bottom + 18, f"{tick}%", size=11)
        edge, up = frame.at(0, share)
        yield _line([(edge, up), frame.at(1, share)], _FAINT)
        yield _text(edge - 8, up + 4, f"{tick}%", size=11, anchor="end")
    yield _text(frame.left + _SIDE / 2, _TOP + _SIDE + 42, frame.across, size=13)
    across, up = frame.left - 50, _TOP + _SIDE / 2
    turned = f'transform="rotate(-90 {across} {up})"'
    yield _text(across, up, frame.up, size=13, more=turned)


def _text(
    across: float,
    up: float,
    words: str,
    *,
    size: int = 14,
    weight: str = "normal",
    anchor: str = "middle",
    more: str = "",
) -> str:
    return (
        f'<text x="{across}" y="{up}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{_INK}" {more}>{escape(words)}</text>'
    )


def _line(places: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    path = " ".join(f"{across},{up}" for across, up in places)
    dashes = ' stroke-dasharray="5 5"' if dashed else ""
    width = 1 if colour != _LINE else 2
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'
    )
