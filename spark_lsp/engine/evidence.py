"""All places whose context ends like this one: what came next there, and how alike they are.

Owns the search and the weight of one place. What the places say together is told by `features`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spark_lsp.engine.scene import Scene
from spark_lsp.engine.sources import WEIGHTS

DEPTH: Final = 16
"""Tokens of context that are compared one by one."""
_ABOUT: Final = 24
"""Tokens before a place that tell what it is about."""
_BACK: Final = np.arange(1, _ABOUT + 1, dtype=np.int32)
_ALIKE: Final = 12.0
"""Likeness beyond this counts as this."""

_EACH: Final = np.ones(_ABOUT, np.float32)
_SHARED: Final = (WEIGHTS.loose * WEIGHTS.fading ** _BACK[: DEPTH + 1]).astype(np.float32)
_SHARED[DEPTH] = 0
_BEYOND: Final = (np.arange(DEPTH + 1) - np.concatenate(([0], np.cumsum(_SHARED[:DEPTH])))).astype(
    np.float32
)
"""What so many tokens in common count for, less what is counted for each of them in any case."""
_LOG_BASE: Final = np.float32(np.log(WEIGHTS.base))


class Evidence(NamedTuple):
    """Places with at least one token of context in common, all arrays of shape (places,).

    In the order of their lengths, those of the same length in the order of the text.
    """

    tokens: NDArray[np.int32]
    """What comes next."""
    sources: NDArray[np.int8]
    """Where they stand; see `sources`."""
    lengths: NDArray[np.intp]
    """Tokens of context in common, up to the first that differs."""
    weights: NDArray[np.float32]
    """`Weights.base` to the power of the context in common, whatever the place."""
    origins: NDArray[np.float32]
    """What the place itself counts for."""
    likeness: NDArray[np.float32]
    """How much of what this place is about they are about."""


def gather(scene: Scene, context: Sequence[int], reach: int) -> Evidence:
    """All evidence on what follows `context`, which holds `DEPTH` tokens at least.

    `reach` neighbours of it are looked at in each segment, to either side.
    """
    page = scene.page
    places = _on_page(page.ids, context)
    tokens = [page.ids.take(places)]
    sources = [page.sources.take(places)]
    origins = [scene.origins.take(places)]
    before = [page.ids.take(places[:, None] - _BACK, mode="clip")]
    for voice in scene.voices:
        ids = voice.segment.ids
        near = voice.segment.neighbours(context, reach)
        owners = voice.segment.starts.searchsorted(near, "right") - 1
        tokens.append(ids.take(near))
        sources.append(voice.sources.take(owners))
        origins.append(voice.weights.take(owners))
        before.append(ids.take(near[:, None] - _BACK, mode="clip"))
    windows = np.concatenate(before)
    query = np.array((*context[: -DEPTH - 1 : -1], -2), np.int32)  # the last is like nothing
    alike = windows[:, : DEPTH + 1] == query
    lengths = alike.argmin(1)
    found = np.concatenate(tokens)
    origin = np.concatenate(origins)
    # A boundary weighs nothing where it stands.
    lengths *= origin > 0
    valid = lengths.astype(np.int8).argsort(kind="stable")
    lengths = lengths.take(valid)
    none = int(lengths.searchsorted(1))
    valid, lengths = valid[none:], lengths[none:]
    shared = alike.astype(np.float32) @ _SHARED
    likeness: NDArray[np.float32] = scene.about.take(windows) @ _EACH
    np.minimum(likeness, _ALIKE, out=likeness)
    return Evidence(
        found.take(valid),
        np.concatenate(sources).take(valid),
        lengths,
        np.exp((shared.take(valid) + _BEYOND.take(lengths)) * _LOG_BASE),
        origin.take(valid),
        likeness.take(valid),
    )


def _on_page(ids: NDArray[np.int32], context: Sequence[int]) -> NDArray[np.int32]:
    crowd = WEIGHTS.crowd
    places = np.flatnonzero(ids[:-1] == context[-1]) + 1
    for distance in (2, 3, 4):
        if places.size <= crowd:
            break
        same = ids.take(places - distance, mode="clip") == context[-distance]
        if np.count_nonzero(same) * 8 < crowd:
            break
        places = places[same]
    return places[-crowd:].astype(np.int32)
