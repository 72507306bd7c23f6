"""The figures of a drive, and how they are told."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from spark_lsp.cli.report import Report, percentile

CONTRACT = {
    "keys", "characters", "saved_characters", "accepted", "wrong_accepts", "requests", "cancels",
    "stale_frames", "first_text", "tokens_per_second", "errors",
}  # fmt: skip
"""What DESIGN.md §4 fixes for `drive --json`; more is welcome."""

REPORT = Report(
    characters=100,
    keys=40,
    accepted=5,
    accepted_characters=65,
    requests=41,
    cancels=3,
    waits=[float(number) for number in range(1, 101)],
)


def test_the_object_has_the_keys_that_scripts_rely_on() -> None:
    told = REPORT.as_json()

    assert told.keys() >= CONTRACT
    assert {"p50", "p95", "p99"} == told["first_text"].keys()
    assert told == json.loads(json.dumps(told))


def test_what_is_saved_are_the_keys_not_pressed() -> None:
    told = REPORT.as_json()

    assert (60, 0.6) == (told["saved_characters"], told["saved"])
    assert (100, 40, 5, 0) == (
        told["characters"],
        told["keys"],
        told["accepted"],
        told["wrong_accepts"],
    )


def test_a_report_of_nothing_divides_nothing_by_zero() -> None:
    told = Report().as_json()

    assert 0 == told["saved"] == told["tokens_per_second"] == told["errors"]
    assert {"p50": 0.0, "p95": 0.0, "p99": 0.0} == told["first_text"]
    assert "text to write" in printed(Report())


def test_errors_are_counted_and_told() -> None:
    report = Report(errors=["the server ended with status 1", "a request failed: no"])

    assert (2, report.errors) == (report.as_json()["errors"], report.as_json()["messages"])
    assert "the server ended with status 1; a request failed: no" in printed(report)


def test_who_answers_is_told_and_what_is_wrong_once() -> None:
    report = Report()
    for kind, message in (
        ("Normal", "connecting to mine"),
        ("Error", "it is away"),
        ("Warning", "it is away; the embedded engine fills in"),
        ("Error", "it is away"),
        ("Warning", "it is away; the embedded engine fills in"),
    ):
        report.stand(kind, message)
    told = report.as_json()

    assert ["it is away", "it is away; the embedded engine fills in"] == report.notices
    assert (1, ["it is away"]) == (told["errors"], told["messages"])
    assert {"kind": "Warning", "message": report.notices[1]} == told["status"]
    assert f"answered by          {report.notices[1]}" in printed(report)


def test_tokens_per_second_are_those_of_all_streams_together() -> None:
    report = Report()
    report.stream("return value", 0.5)  # three tokens: the space is one
    report.stream("", 0.25)
    report.stream("x+1", 0.25)

    assert 6.0 == report.as_json()["tokens_per_second"]


def test_people_are_told_the_same_as_scripts() -> None:
    table = printed(REPORT)

    assert "60.0%" in table
    assert "5 of them accept a suggestion" in table
    assert "every one equal to the real text" in table
    assert "some wrong" in printed(Report(wrong_accepts=1))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([7.0], 0.0, 7.0),
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(number) for number in range(1, 101)], 0.5, 50.0),
        ([float(number) for number in range(1, 101)], 0.95, 95.0),
        ([float(number) for number in range(1, 101)], 0.99, 99.0),
        ([float(number) for number in range(1, 101)], 1.0, 100.0),
    ],
)
def test_a_percentile_is_that_of_the_nearest_rank(
    values: list[float], share: float, expected: float
) -> None:
    assert expected == percentile(values, share)


@given(
    st.lists(st.integers(0, 50).map(float), min_size=1, max_size=40),
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),
)
def test_a_percentile_is_the_least_value_that_the_share_does_not_exceed(
    values: list[float], share: float
) -> None:
    wanted = math.ceil(share * len(values))
    least = min(it for it in values if sum(other <= it for other in values) >= wanted)

    assert least == percentile(values, share)


def printed(report: Report) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(report.as_table())
    return capture.get()
