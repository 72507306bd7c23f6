"""What a scripted model wrote to each request, and when; what of it was for nothing.

Owns the account and the reckoning. Pure: times are those of `perf_counter`, which all processes of
a machine share.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec


class Answer(msgspec.Struct, kw_only=True):
    """One answer of the model.

    Attributes:
        asked: when its request came.
        at: characters that had been typed before it, -1 if the model could not tell.
        along: whether they were those of the passage.
        ends: for each token written, how many characters the answer had with it.
        times: when each was sent.
        stopped: when it was interrupted, or None.
        over: when it had ended, by itself or not; None while it is written.
    """

    asked: float
    at: int = -1
    along: bool = False
    ends: list[int] = msgspec.field(default_factory=list)
    times: list[float] = msgspec.field(default_factory=list)
    stopped: float | None = None
    over: float | None = None

    def wrote(self, text: str, now: float) -> None:
        """Take down a token."""
        self.ends.append((self.ends[-1] if self.ends else 0) + len(text))
        self.times.append(now)


def written(answers: Sequence[Answer]) -> int:
    """Return how many tokens there are in all."""
    return sum(len(answer.ends) for answer in answers)


def wasted(answers: Sequence[Answer], reach: Mapping[int, int]) -> int:
    """Return how many tokens were neither shown nor typed, or not for the first time.

    Args:
        answers: in the order of their requests.
        reach: by how much had been typed, how far text was shown then, both counted in characters
            from where the typing began.
    """
    useful = covered = 0
    furthest = max(reach.values(), default=0)
    for answer in answers:
        # Along the passage the person gets to what was shown; elsewhere it is for one place only.
        limit = furthest if answer.along else reach.get(answer.at, answer.at)
        seen = covered if answer.along else answer.at
        begin = answer.at
        for end in (answer.at + it for it in answer.ends):
            useful += end > seen and begin < limit
            begin = end
        if answer.along:
            covered = max(covered, min(begin, limit))
    return written(answers) - useful


def late(answers: Sequence[Answer], keys: Sequence[float]) -> int:
    """Return how many tokens of answers were sent after the key that followed their request."""
    total = 0
    for answer in answers:
        following = bisect_right(keys, answer.asked)
        if following < len(keys):
            total += len(answer.times) - bisect_left(answer.times, keys[following])
    return total


def stopping(answers: Sequence[Answer], keys: Sequence[float]) -> list[float]:
    """Return the milliseconds from the keys that followed requests to the end of their answers.

    An answer that was stopped before that key came had another reason.
    """
    times = []
    for answer in answers:
        following = bisect_right(keys, answer.asked)
        if answer.stopped is not None and following < len(keys):
            times.append((answer.stopped - keys[following]) * 1000)
    return [time for time in times if time >= 0]


def left_running(answers: Sequence[Answer]) -> int:
    """Return how many answers were being written when the next request came, and not stopped."""
    return sum(
        one.stopped is None and (one.over is None or one.over > other.asked)
        for one, other in pairwise(answers)
    )


def turned(answers: Sequence[Answer], keys: Sequence[float]) -> tuple[int, int]:
    """Return how many keys came while an answer was written, and how many of these turned it.

    That is: before the next key all that was being written was stopped, and one request came.
    """
    found = right = 0
    for key, following in pairwise(keys):
        running = [it for it in answers if it.asked < key and (it.over is None or it.over > key)]
        if not running:
            continue
        found += 1
        requests = sum(key <= it.asked < following for it in answers)
        stopped = all(it.stopped is not None and it.stopped < following for it in running)
        right += requests == 1 and stopped
    return found, right
