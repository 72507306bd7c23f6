"""How long a session waits for what.

Owns the figures, in one frozen record, so that they can be set, tested and told. What follows when
a wait is over is decided in `session`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Waits in seconds, and other bounds.

    Attributes:
        debounce: between a request and the frame that goes out for it.
        hold: how long a request waits for a backend that is away.
        patience: how long a client that cannot show growth waits for more than there is.
        stall: how long a stream may say nothing before it is given up.
        thought: how long a stream may give signs of life before its first word.
        grace: how long a stream without a reader is kept.
        quiet: how long a document must rest before its symbols go into the index.
        retries: how often a request is sent again after a transient failure.
        longest: characters of an answer after which it is stopped.
    """

    debounce: float = 0.0
    hold: float = 3.0
    patience: float = 0.25
    stall: float = 5.0
    thought: float = 30.0
    grace: float = 0.5
    quiet: float = 0.5
    retries: int = 1
    longest: int = 8_000
