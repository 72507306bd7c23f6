"""What goes wrong on a connection, row by row, and what is done about it.

First the table of responses-protocol.md §1.5, then the cases of §7 as far as they are decided here:
what a handshake says is tested in `server`, and when HTTP takes over in `server.provider`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from spark_lsp.core.prompt import Block
from spark_lsp.wire.client import FRAME_LIMIT
from spark_lsp.wire.events import Usage
from spark_lsp.wire.legs import Dial, Drop, Send
from spark_lsp.wire.outcomes import Connected, Delta, Disconnected, Ended, Failed
from tests.frames import error, frame, stage, text
from tests.rig import OTHER, PACE, PROFILE, PROMPT, STABLE, Rig, Sent, failed

# §1.5


@dataclass(frozen=True)
class Reaction:
    """What becomes of a request over a warm base, and of its connection.

    Attributes:
        resent: whether the request goes out again at once, in full.
        failed: whether it fails, and then whether that passes.
        after: seconds that a retry should wait.
        down: whether the connection is away, and then whether that is hopeless.
        redialled: seconds until the next attempt to connect.
    """

    resent: bool = False
    failed: bool | None = None
    after: float | None = None
    down: bool | None = None
    redialled: float | None = None


RESENT = Reaction(resent=True)
REPORTED = Reaction(failed=False)
ANEW = Reaction(failed=True, down=False, redialled=0.0)


def says(complaint: str) -> Callable[[Rig, int], None]:
    return lambda rig, leg: rig.hears(leg, complaint)


def closes(code: int) -> Callable[[Rig, int], None]:
    return lambda rig, leg: rig.closes(leg, code)


def repeatedly(code: str, times: int) -> Callable[[Rig, int], None]:
    """A server complains of so many requests in a row; the last one counts."""

    def happen(rig: Rig, leg: int) -> None:
        for handle in range(2, 2 + times - 1):
            rig.hears(leg, error(code, "c0", 503))
            rig.create(handle)
            rig.taken()
        rig.hears(leg, error(code, "c0", 503))

    return happen


def upgrade(*statuses: int, after: float | None = None) -> Callable[[Rig, int], None]:
    """The connection is lost, which is another row's, and so are the next handshakes answered."""

    def happen(rig: Rig, leg: int) -> None:
        rig.closes(leg)
        for status in statuses:
            due = rig.link.deadline()
            assert due is not None
            rig.passes(due - rig.now)
            rig.refuses(rig.dialled(), status, after)

    return happen


def too_large(rig: Rig, _leg: int) -> None:
    rig.create(2, replace(PROMPT, prefix="x" * FRAME_LIMIT))


FOR_GOOD = [
    "insufficient_quota",
    "usage_not_included",
    "context_length_exceeded",
    "invalid_prompt",
    "bio_policy",
    "cyber_policy",
    "misalignment_policy_violation",
    "data_residency_mismatch",
]
AGAIN = "Rate limit reached. Please try again in 1.5s."
LIMITED = {"code": "rate_limit_exceeded", "message": AGAIN}
RECOVERABLE = [1001, 1005, 1006, 1011, 1012, 1013, 1015]
OTHERS = [1002, 1003, 1007, 1008, 1009, 1010, 3000, 4000]

TABLE: dict[str, tuple[Callable[[Rig, int], None], Reaction]] = {
    "previous_response_not_found": (says(error("previous_response_not_found")), RESENT),
    "previous_response_not_found, flat": (
        says(frame("error", code="previous_response_not_found", message="gone")),
        RESENT,
    ),
    "previous_response_not_found, response.failed": (
        says(stage("failed", error={"code": "previous_response_not_found", "message": "gone"})),
        RESENT,
    ),
    "websocket_connection_limit_reached": (
        says(error("websocket_connection_limit_reached", "")),
        ANEW,
    ),
    "websocket_stream_limit_reached": (says(error("websocket_stream_limit_reached")), ANEW),
    "invalid_stream_id": (says(error("invalid_stream_id")), REPORTED),
    "rate_limit_exceeded, error 429": (
        says(error("rate_limit_exceeded", status=429, message=AGAIN)),
        Reaction(failed=True, after=1.5),
    ),
    "rate_limit_exceeded, response.failed": (
        says(stage("failed", error=LIMITED)),
        Reaction(failed=True, after=1.5),
    ),
    "rate_limit_exceeded, Retry-After": (
        says(error("rate_limit_exceeded", status=429, headers={"Retry-After": "7"})),
        Reaction(failed=True, after=7.0),
    ),
    "rate_limit_exceeded, without a word": (
        says(error("rate_limit_exceeded", status=429)),
        Reaction(failed=True, after=1.5),
    ),
    **{code: (says(error(code)), REPORTED) for code in FOR_GOOD},
    **{
        f"{code}, {time}": (repeatedly(code, time), Reaction(failed=True, after=1.5 * wait))
        for code in ("server_is_overloaded", "slow_down")
        for time, wait in enumerate([0.0, 5.0, 30.0, 120.0, 300.0], 1)
    },
    "a frame of 16 MiB": (too_large, REPORTED),
    "HTTP 426 on upgrade": (
        upgrade(426),
        Reaction(down=True, redialled=PACE.unlikely),
    ),
    "HTTP 401 on upgrade": (upgrade(401), Reaction(down=False, redialled=0.0)),
    "HTTP 401 on upgrade, again": (
        upgrade(401, 401),
        Reaction(down=True, redialled=PACE.refused),
    ),
    "HTTP 503 on upgrade": (upgrade(503), Reaction(down=False, redialled=0.1)),
    "HTTP 503 on upgrade, again": (
        upgrade(503, 503),
        Reaction(down=True, redialled=0.2),
    ),
    "HTTP 429 on upgrade, Retry-After": (
        upgrade(429, after=40.0),
        Reaction(down=True, redialled=40.0),
    ),
    **{f"close {code}": (closes(code), ANEW) for code in RECOVERABLE},
    **{f"close {code}": (closes(code), replace(ANEW, redialled=PACE.longest)) for code in OTHERS},
}


def observed(rig: Rig) -> Reaction:
    """What a link has done about it."""
    due = rig.link.deadline()
    acts = rig.taken()
    sends = [Sent.read(act) for act in acts if isinstance(act, Send)]
    fails = [act for act in acts if isinstance(act, Failed)]
    downs = [act for act in acts if isinstance(act, Disconnected)]
    for it in sends:
        assert not it.asks or "previous_response_id" not in it.message
    assert len(fails) <= 1
    return Reaction(
        resent=any(it.asks for it in sends),
        failed=fails[0].transient if fails else None,
        after=fails[0].retry_after if fails else None,
        down=downs[-1].hopeless if downs else None,
        redialled=round(due - rig.now, 6) if downs and due is not None else None,
    )


@pytest.mark.parametrize("row", TABLE)
def test_each_row_of_the_table_of_errors_has_its_reaction(row: str) -> None:
    happen, expected = TABLE[row]
    rig = warmed()
    rig.create(1)
    rig.passes(PACE.settled + 1)
    (asked,) = rig.sent()
    assert "previous_response_id" in asked.message
    happen(rig, 1)

    assert expected == observed(rig)


def warmed() -> Rig:
    """A connection whose base "r0" is ready."""
    rig = Rig()
    leg = rig.connects()
    rig.warm()
    rig.prepares(leg)
    rig.taken()
    return rig


def asked(rig: Rig, handle: int) -> Sent:
    """The frame that goes out for a request."""
    rig.create(handle)
    (sent,) = rig.sent()
    return sent


# §7: 1, 2


def test_a_request_is_streamed() -> None:
    rig = warmed()
    rig.create(1)
    rig.hears(1, stage("created"), text("va"), text("lue"), stage("completed"))

    assert [Delta(1, "va"), Delta(1, "lue"), Ended(1, Usage())] == rig.told()


def test_a_connection_made_beforehand_is_used() -> None:
    rig = Rig()
    leg = rig.connects()

    assert leg == asked(rig, 1).leg
    assert [] == rig.taken()


def test_a_warm_up_made_beforehand_is_continued_from_by_one_request_after_another() -> None:
    rig = warmed()
    for handle in (1, 2, 3):
        assert "r0" == asked(rig, handle).message["previous_response_id"]


def test_a_warm_up_does_not_generate_and_a_request_does() -> None:
    rig = Rig()
    rig.connects()
    rig.warm()
    rig.create(1)
    warming, request = rig.sent()

    assert warming.message["generate"] is False
    assert "generate" not in request.message


# §7: 3


def test_only_what_is_new_is_sent_where_the_stable_part_begins_with_what_is_warm() -> None:
    rig = warmed()
    grown = replace(PROMPT, stable=(*STABLE, Block("file", "b.py", "B = 2\n")))
    rig.create(1, grown)
    (sent,) = rig.sent()

    assert "r0" == sent.message["previous_response_id"]
    assert 2 == len(sent.message["input"])


def test_all_is_sent_where_the_stable_part_begins_otherwise() -> None:
    rig = warmed()
    rig.create(1, replace(PROMPT, stable=OTHER))
    (sent,) = rig.sent()

    assert "previous_response_id" not in sent.message
    assert 3 == len(sent.message["input"])


def test_warm_up_and_requests_differ_in_nothing_that_may_not_change() -> None:
    """Fields beside the input stay as they are for the life of a profile."""
    rig = Rig()
    rig.connects()
    rig.warm()
    (warming,) = rig.sent()
    rig.answers(1, "base", "r0")
    rig.taken()
    request = asked(rig, 1)
    changing = {"stream_id", "generate", "previous_response_id", "input"}
    one, other = (
        {name: value for name, value in it.message.items() if name not in changing}
        for it in (warming, request)
    )

    assert one == other


def test_all_is_sent_after_a_reconnect() -> None:
    """The server's state went with the connection."""
    rig = warmed()
    rig.passes(PACE.settled + 1)
    rig.closes(1)
    rig.passes(0.0)
    rig.opens(rig.dialled())
    rig.taken()

    assert "previous_response_id" not in asked(rig, 1).message


def test_all_is_sent_without_an_id_after_the_base_was_denied() -> None:
    rig = warmed()
    rig.create(1)
    rig.taken()
    rig.hears(1, error("previous_response_not_found"))
    (again,) = rig.sent()

    assert "previous_response_id" not in again.message
    assert "previous_response_id" not in asked(rig, 2).message


def test_a_base_outlives_an_error_that_is_not_about_it() -> None:
    """A fork that fails on a lane of its own does not evict what it continued from (§1.4)."""
    rig = warmed()
    rig.create(1)
    rig.hears(1, error("server_error", "c0", 500))
    rig.taken()

    assert "r0" == asked(rig, 2).message["previous_response_id"]


# §7: 4, 5


def test_an_error_that_closes_without_a_handshake_is_told_once() -> None:
    rig = warmed()
    rig.create(1)
    rig.hears(1, error("invalid_prompt"))
    rig.closes(1, 1006)

    assert [1] == failed(rig.told())


@pytest.mark.parametrize(
    ("complaint", "code", "transient"),
    [
        (error("usage_limit_reached", "", 429), "usage_limit_reached", False),
        (error("invalid_request_error", "", 400, message="no"), "invalid_request_error", False),
        (frame("error", "", status_code=502, error={"message": "bad gateway"}), "unknown", True),
    ],
)
def test_wrapped_errors_are_forwarded(complaint: str, code: str, *, transient: bool) -> None:
    rig = warmed()
    rig.create(1)
    rig.hears(1, complaint)
    (event,) = [act for act in rig.taken() if isinstance(act, Failed)]

    assert (code, transient) == (event.code, event.transient)


def test_the_end_of_the_stream_before_the_end_of_an_answer_is_a_lost_connection() -> None:
    rig = warmed()
    rig.create(1)
    rig.hears(1, stage("created"), text("a"))
    rig.taken()
    rig.closes(1, None)

    assert [Disconnected, Failed] == [type(it) for it in rig.told()]


# §7: 6


def test_the_first_attempt_that_fails_is_hidden_and_the_second_is_hopeless() -> None:
    """Exactly two are made before another way is taken; it is tried again all the same."""
    rig = Rig()
    rig.start()
    told = []
    for _ in range(3):
        rig.refuses(rig.dialled(), 503)
        told += [it.hopeless for it in rig.told() if isinstance(it, Disconnected)]
        rig.passes(PACE.longest)

    assert [False, True, True] == told


def test_the_other_way_stays_until_the_connection_is_there() -> None:
    """And the connection is looked for seldom meanwhile."""
    rig = Rig()
    rig.start()
    rig.refuses(rig.dialled(), 426)
    rig.link.relax(rig.now)
    rig.taken()
    for _ in range(3):
        rig.passes(PACE.unlikely - 1)
        assert [] == rig.taken()
        rig.passes(1)
        rig.refuses(rig.dialled(), 426)
        assert [Disconnected("refused", hopeless=True)] == rig.told()
    rig.passes(PACE.unlikely)
    rig.opens(rig.dialled())
    assert [Connected()] == rig.told()


def test_a_request_may_be_cancelled_while_the_server_is_left_alone() -> None:
    rig = Rig()
    rig.start()
    rig.refuses(rig.dialled(), 503, 60.0)
    rig.taken()
    rig.create(1)
    assert [1] == failed(rig.told())
    rig.cancel(1)
    rig.passes(59.0)

    assert [] == rig.taken()


# §7: 7 is in test_steering; tools, of which it speaks, are not offered. §7: 8


@pytest.mark.parametrize(
    "event",
    [
        frame("codex.rate_limits", "", plan_type="pro", rate_limits={"allowed": True}),
        frame("response.metadata", "", headers={"x-codex-turn-state": "TS"}),
        frame("responsesapi.websocket_timing", "", timing_metrics={}),
        frame("response.in_progress", response={"id": "r1"}),
        frame("something.new"),
    ],
)
def test_events_that_mean_nothing_here_change_nothing(event: str) -> None:
    rig = warmed()
    rig.create(1)
    rig.hears(1, event, stage("created"), event, text("a"), event, stage("completed"), event)

    assert [Delta(1, "a"), Ended(1, Usage())] == rig.told()


def test_nothing_is_dialled_or_dropped_where_all_goes_well() -> None:
    rig = warmed()
    for handle in range(50):
        rig.create(handle)
        rig.answers(1, "c0", f"r{handle}")
        rig.passes(1.0)

    assert not [act for act in rig.taken() if isinstance(act, Dial | Drop)]
    assert PROFILE == rig.link.profile
