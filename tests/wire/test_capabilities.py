"""What is believed of a model: where it begins, and what costs it which ability."""

import json
from dataclasses import fields, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.settings import Capabilities
from spark_lsp.wire.capabilities import Profile, event_named, presumed
from spark_lsp.wire.faults import Fault, fault_from

ALL = Profile(
    "m",
    "low",
    128,
    lanes=True,
    continuation=True,
    interrupt=True,
    prompt_cache_key="k",
    warm_up=True,
    steer=True,
    cache_breakpoint=True,
)
ABILITIES = {
    "stream_id": "lanes",
    "previous_response_id": "continuation",
    "generate": "warm_up",
    "prompt_cache_breakpoint": "cache_breakpoint",
    "prompt_cache_options": "cache_breakpoint",
    "response.steer": "steer",
    "response.interrupt": "interrupt",
}
FIELDS = [name for name in ABILITIES if "." not in name]
OPTIONAL = ["max_output_tokens", "prompt_cache_key", "reasoning", "stream_options"]


def spoken(**body: Any) -> Fault:
    """A fault as it comes off the wire."""
    return fault_from(msgspec.Raw(json.dumps(body).encode()), 400)


def lost(profile: Profile | None) -> set[str]:
    """What a profile lacks that `ALL` has."""
    if profile is None:
        return set()
    less = {
        field.name
        for field in fields(Profile)
        if field.name != "refused" and getattr(profile, field.name) != getattr(ALL, field.name)
    }
    return less | profile.refused


# Where it begins.


@pytest.mark.parametrize(
    ("base_url", "model", "expected"),
    [
        ("wss://api.openai.com/v1", "gpt-6-luna", {"cache_breakpoint"}),
        ("https://api.openai.com", "gpt-5.6-sol", {"cache_breakpoint"}),
        ("wss://api.openai.com/v1", "gpt-6-astra", {"cache_breakpoint", "steer"}),
        ("wss://api.openai.com/v1", "gpt-5.3-codex-spark", set()),
        ("wss://api.openai.com/v1", "gpt-5.5", set()),
        ("wss://api.x.ai/v1", "gpt-6-luna", set()),
        ("wss://api.openai.com.example.net/v1", "gpt-6-astra", set()),
        ("wss://example.net/api.openai.com", "gpt-6-astra", set()),
        ("wss://notapi.openai.com/v1", "gpt-6-astra", set()),
        ("ws://127.0.0.1:1/v1", "anything", set()),
        ("", "", set()),
        ("wss://[", "m", set()),
    ],
)
def test_only_what_is_documented_or_says_when_it_is_not_known_is_presumed(
    base_url: str, model: str, expected: set[str]
) -> None:
    profile = presumed(base_url, model, Capabilities(), effort="low", max_output_tokens=7)

    believed = {name for name in ABILITIES.values() if getattr(profile, name)}
    assert expected | {"lanes", "continuation", "warm_up"} == believed
    assert (model, "low", 7, True) == (
        profile.model,
        profile.effort,
        profile.max_output_tokens,
        profile.cleans,
    )


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("name", sorted(set(ABILITIES.values())))
def test_a_person_knows_better(name: str, *, value: bool) -> None:
    said = Capabilities(**{name: value})
    profile = presumed("wss://api.openai.com/v1", "m", said, effort=None, max_output_tokens=1)

    assert value == getattr(profile, name)


# What costs it.


@pytest.mark.parametrize(
    "code", ["unknown_parameter", "unsupported_parameter", "unsupported_value"]
)
@pytest.mark.parametrize("name", [*FIELDS, *OPTIONAL])
def test_a_named_parameter_is_lost(name: str, code: str) -> None:
    assert {ABILITIES.get(name, name)} == lost(ALL.without(spoken(code=code, param=name)))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Unknown parameter: 'stream_id'.", "lanes"),
        ("Unknown parameter: stream_id", "lanes"),
        ("generate: Extra inputs are not permitted", "warm_up"),
        ("body.generate: Extra inputs are not permitted", "warm_up"),
        ("reasoning is not supported by this model", "reasoning"),
        ("This endpoint does not support `reasoning`.", "reasoning"),
        ("unknown field `prompt_cache_key`, expected one of `model`, `previous_response_id`", "k"),
        ('json: unknown field "prompt_cache_options"', "cache_breakpoint"),
        ("Additional properties are not allowed ('stream_options' was unexpected)", "so"),
        ("Unrecognized request argument supplied: stream_options", "so"),
        ('Unknown name "generate": Cannot find field.', "warm_up"),
        ("openai does not support parameters: ['reasoning']", "reasoning"),
        ("previous_response_id is not supported when store is false", "continuation"),
        ("max_output_tokens isn't supported here", "max_output_tokens"),
        (
            "Invalid value: 'response.interrupt'. Supported values are: 'response.steer'.",
            "interrupt",
        ),
        ("Invalid value: 'response.steer'. Supported values are: 'response.create'.", "steer"),
        ("Unknown event type 'response.interrupt'", "interrupt"),
        ("unsupported event: response.steer.", "steer"),
    ],
)
def test_gateways_say_it_in_words(message: str, expected: str) -> None:
    """The first that is named is meant: what else there is may be listed after it."""
    short = {"k": "prompt_cache_key", "so": "stream_options"}

    assert {short.get(expected, expected)} == lost(ALL.without(spoken(message=message)))


@pytest.mark.parametrize(
    "fault",
    [
        spoken(code="previous_response_not_found", param="previous_response_id", message="unknown"),
        spoken(message="unknown previous_response_id 'resp_1'"),
        spoken(message="Invalid 'previous_response_id': 'x'. Expected an ID that begins with resp"),
        spoken(message="Previous response with id 'resp_2' not found."),
        spoken(message="The model is not supported to generate code or to do any reasoning"),
        spoken(message="your organization is not allowed to generate with this model"),
        spoken(code="server_error", message="unknown parameter 'generate' crashed us"),
        spoken(code="rate_limit_exceeded", message="'reasoning' is not supported so often"),
        spoken(code="websocket_connection_limit_reached", message="stream_id is not supported"),
        spoken(code="unknown_parameter", param="model", message="try 'generate'"),
        spoken(code="unknown_parameter"),
        spoken(message="Unknown parameter: 'temperature'."),
        spoken(message=""),
        spoken(),
        Fault("", ""),
    ],
)
def test_other_complaints_cost_nothing(fault: Fault) -> None:
    """What passes by itself is no want of ability, and ordinary words are no names."""
    assert ALL.without(fault) is None


def test_what_is_lost_already_is_not_lost_again() -> None:
    """So that a request is not sent again for the same complaint."""
    for name in [*FIELDS, *OPTIONAL]:
        fault = spoken(code="unknown_parameter", param=name)
        lesser = ALL.without(fault)

        assert lesser is not None
        assert lesser.without(fault) is None


WORDS = st.sampled_from(
    [*ABILITIES, *OPTIONAL, "unknown", "parameter", "is", "not", "supported", "'", ".", "[0]", "x"]
)
FAULTS = st.builds(
    Fault,
    st.sampled_from(["unknown_parameter", "unsupported_value", "server_error", "x", ""]),
    st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=20),
    param=st.lists(WORDS, max_size=3).map("".join) | st.text(max_size=5),
)


@given(st.lists(FAULTS, max_size=40))
def test_complaints_only_ever_cost_abilities(faults: list[Fault]) -> None:
    profile, costs = ALL, 0
    for fault in faults:
        lesser = profile.without(fault)
        if lesser is None:
            continue
        costs += 1
        assert lost(profile) < lost(lesser)
        profile = lesser

    assert costs <= len(set(ABILITIES.values())) + len(OPTIONAL)


# What legs have in common.


PROFILES = st.builds(
    Profile,
    st.just("m"),
    st.just("low"),
    st.just(128),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    prompt_cache_key=st.just("k"),
    warm_up=st.booleans(),
    steer=st.booleans(),
    cache_breakpoint=st.booleans(),
    refused=st.frozensets(st.sampled_from(OPTIONAL)),
)


@given(PROFILES, PROFILES)
def test_two_profiles_have_in_common_what_neither_has_lost(one: Profile, other: Profile) -> None:
    met = one.meet(other)

    assert lost(one) | lost(other) == lost(met)
    assert met is met.meet(other)
    assert one is one.meet(ALL)


# What a complaint is about.


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (spoken(code="interrupt_not_supported"), "response.interrupt"),
        (spoken(code="steering_not_supported"), "response.steer"),
        (spoken(message="Unknown event type response.steer."), "response.steer"),
        (spoken(message="response.create: bad, or response.steer"), ""),
        (spoken(message="response.interrupted is no event"), ""),
        (spoken(message="nothing of the kind"), ""),
    ],
)
def test_an_event_that_is_named_first_is_what_a_complaint_is_about(
    fault: Fault, expected: str
) -> None:
    assert expected == event_named(fault)


def test_a_profile_is_a_value() -> None:
    """Two that believe the same are the same."""
    assert replace(ALL) == ALL
    assert hash(replace(ALL)) == hash(ALL)
