"""Where evidence may stand, and what that makes it weigh before more is known of it."""

from dataclasses import dataclass
from typing import Final

BEFORE: Final = 0
"""In the open file, before the cursor."""
AFTER: Final = 1
"""In the open file, after the cursor, or in an older state of it."""
BESIDE: Final = 2
"""In a file of the same directory."""
NAMED: Final = 3
"""In a file whose name, or whose directory's, stands on the page: most likely it is imported."""
ELSEWHERE: Final = 4
"""In any other file."""
FOREIGN: Final = 5
"""In what the project depends on, and is not its own."""
SOURCES: Final = 6

_NAMELESS: Final = frozenset(("__init__", "__main__", "index", "lib", "main", "mod"))
"""Files that are imported by the name of their directory."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What evidence counts for; tuned on source distributions, whole lines held out."""

    recent: float = 2.0
    """What a place just before the cursor counts on top of one far from it."""
    recency: float = 400.0
    """Tokens before the cursor over which that bonus falls to a third."""
    near: float = 0.3
    """A place in a file beside the open one, or that it names; in the open file it is 1."""
    same_suffix: float = 0.1
    """A place in a file with the same name suffix, that is, mostly, language."""
    elsewhere: float = 0.05
    """A place in any other file."""
    foreign: float = 0.02
    """A place in a file with the same name suffix of what the project depends on."""
    base: float = 8.0
    """Each further token of context in common multiplies the weight by this."""
    loose: float = 1.5
    """What a token in common counts for beyond the first that differs; it is multiplied by
    `fading` for every token between it and the cursor."""
    fading: float = 0.8
    doubt: float = 8.0
    """Weight of the belief that something never seen comes next."""
    reach: int = 48
    """Neighbours of the query that are looked at in each segment, to either side."""
    wide: int = 256
    """The same where a half-typed token narrows the choice."""
    crowd: int = 384
    """Places that are looked at on the page."""


WEIGHTS: Final = Weights()


def place_of(path: str, other: str) -> tuple[int, float]:
    """Which source a file is for another that is open, and what its evidence weighs."""
    folder, _, name = path.rpartition("/")
    other_folder, _, other_name = other.rpartition("/")
    place = BESIDE if folder == other_folder else ELSEWHERE
    if name.rpartition(".")[2] != other_name.rpartition(".")[2]:
        return place, WEIGHTS.elsewhere
    return place, WEIGHTS.near if place == BESIDE else WEIGHTS.same_suffix


def names_of(path: str) -> tuple[str, str]:
    """The words by which a file is imported, its own and its directory's; "" for none."""
    folder, _, name = path.rpartition("/")
    stem, folder = name.partition(".")[0], folder.rpartition("/")[2]
    return "" if stem in _NAMELESS else stem, folder
