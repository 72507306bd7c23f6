"""How long a session waits for what.

Owns the figures, in one frozen record, so that they can be set, tested and told. What follows when
a wait is over is decided in `completing` and `editing`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Waits in seconds, and other bounds.

    Attributes:
        hold: how long a request waits for a backend that is away.
        patience: how long a client that cannot show growth waits for more than there is.
        stall: how long a stream may say nothing before it is given up.
        thought: how long a stream may give signs of life before its first word.
        grace: how long a stream without a reader is kept.
        quiet: how long a document must rest before its symbols go into the index.
        retries: how often a request is sent again after a transient failure.
        longest: characters of an answer after which it is stopped.
        ahead: characters behind the piece that is shown after which an answer is stopped.
        frame: between two partial results of a request; screens are no faster.
        race: how old a silent stream is before a second one may be opened beside it.
        linger: how long an answer must be on screen before what follows it is asked for.
        nearly: characters of an answer, typed along, with which what follows is asked for.
        waits_itself: whether the editor waits before it asks, as Neovim's own client does.
    """

    hold: float = 3.0
    patience: float = 0.25
    stall: float = 5.0
    thought: float = 30.0
    grace: float = 0.5
    quiet: float = 0.5
    retries: int = 1
    longest: int = 8_000
    ahead: int = 2_000
    frame: float = 0.008
    race: float = 0.15
    linger: float = 0.3
    nearly: int = 16
    waits_itself: bool = False
