"""Settings: layers, bounds, and errors that say which setting is wrong and what would be right."""

import contextlib
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.settings import (
    OPENAI,
    Provider,
    Restrictions,
    Settings,
    SettingsError,
    read,
    restricted,
    restrictions,
)

MINE: dict[str, Any] = {"base_url": "ws://127.0.0.1:1/v1"}


def error_of(*layers: dict[str, Any]) -> str:
    """Return the sentence that layers are refused with."""
    with pytest.raises(SettingsError) as raised:
        read(*layers)
    return str(raised.value)


def test_without_any_layer_nothing_leaves_this_machine() -> None:
    assert Settings() == read() == read({}, {})
    assert read().provider() is None


def test_a_later_layer_goes_before_an_earlier_one() -> None:
    settings = read({"model": "low", "enabled": False}, {"model": "high"})

    assert ("high", False) == (settings.model, settings.enabled)


def test_layers_are_merged_within_a_provider() -> None:
    settings = read(
        {"model_provider": "mine", "model_providers": {"mine": {**MINE, "env_key": "MY_KEY"}}},
        {"model_providers": {"mine": {"request_max_retries": 0}, "other": MINE}},
    )

    assert Provider(**MINE, env_key="MY_KEY", request_max_retries=0) == settings.provider()
    assert {"mine", "other"} == set(settings.model_providers)


def test_layers_are_not_changed_by_reading() -> None:
    below = {"model_providers": {"mine": dict(MINE)}}
    read(below, {"model_providers": {"mine": {"env_key": "MY_KEY"}}})

    assert {"model_providers": {"mine": MINE}} == below


def test_openai_is_known_and_a_person_may_say_otherwise() -> None:
    own = {"model_provider": "openai", "model_providers": {"openai": MINE}}

    assert OPENAI == read({"model_provider": "openai"}).provider()
    assert Provider(**MINE) == read(own).provider()


@pytest.mark.parametrize(
    ("layer", "key", "fix"),
    [
        ({"model_context_window": "big"}, "model_context_window", "expected `int`"),
        ({"model_context_window": 10}, "model_context_window", ">= 4096"),
        ({"model_context_window": 10**9}, "model_context_window", "<= 2000000"),
        ({"enabled": "yes"}, "enabled", "expected `bool`"),
        ({"model": None}, "model", "expected `str`"),
        ({"model_provider": "mine"}, "model_provider", "define [model_providers.mine]"),
        ({"model_providers": {"mine": {}}}, "model_providers", "base_url"),
        (
            {"model_providers": {"mine": {**MINE, "request_max_retries": 9}}},
            "request_max_retries",
            "<= 5",
        ),
        (
            {"model_providers": {"mine": {**MINE, "stream_idle_timeout_ms": 0}}},
            "stream_idle_timeout_ms",
            ">= 1",
        ),
        ({"model_reasoning_effort": "huge"}, "model_reasoning_effort", "medium"),
        ({"model_providers": {"mine": {**MINE, "wire_api": "telex"}}}, "wire_api", "responses"),
        ({"model_reasoning_effort": 5}, "model_reasoning_effort", "none, minimal, low"),
        ({"modle": "x"}, "modle", "there is no such setting, do you mean model?"),
        ({"enable": True}, "enable", "do you mean enabled?"),
        ({"model_providers": {"mine": {**MINE, "base_ur": "x"}}}, "mine.base_ur", "base_url?"),
        ({"model_providers": {"mine": {"base_url": ""}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {"base_url": "example.com/v1"}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {"base_url": "ftp://h/v1"}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {"base_url": "ws:///v1"}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {"base_url": "ws://h:port/v1"}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {"base_url": "ws://[::1/v1"}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {"base_url": "ws://h h/v1"}}}, "mine.base_url", "wss://"),
        ({"model_providers": {"mine": {**MINE, "api_key": "x"}}}, "api_key", "no such setting"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_names_the_setting_and_what_would_be_right(
    layer: dict[str, Any], key: str, fix: str
) -> None:
    sentence = error_of(layer)

    assert key in sentence
    assert fix in sentence.replace(key, "", 1)
    assert "\n" not in sentence
    assert not re.search(r"\$|`object`", sentence), "that is msgspec's language, not a person's"


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:1/v1",
        "wss://api.example.com/v1",
        "HTTPS://api.example.com",
        "http://localhost:8080/",
        "ws://[::1]:80/v1",
        "wss://h/v1?version=1",
    ],
)
def test_an_address_has_a_scheme_and_a_host(url: str) -> None:
    assert (
        url
        == read({"model_providers": {"mine": {"base_url": url}}}).model_providers["mine"].base_url
    )


def test_an_error_repeats_no_password() -> None:
    sentence = error_of({"model_providers": {"mine": {"base_url": "ftp://me:secret@h/v1"}}})

    assert "secret" not in sentence


def test_an_error_names_the_provider_that_is_wrong() -> None:
    sentence = error_of({"model_providers": {"good": MINE, "mine": {"base_url": 7}}})

    assert "model_providers.mine.base_url: expected `str`, got `int`" == sentence


@pytest.mark.parametrize("layer", [{"model_providers": []}, {"model_providers": {"mine": 5}}])
def test_a_value_where_a_table_belongs_is_an_error_too(layer: dict[str, Any]) -> None:
    assert "model_providers" in error_of({"model_providers": {"mine": MINE}}, layer)


def test_every_setting_has_a_sentence() -> None:
    for record in (Settings, Provider):
        told = re.findall(r"^        (\w+): \S", record.__doc__ or "", re.MULTILINE)

        assert list(record.__struct_fields__) == told


def test_no_setting_holds_a_key() -> None:
    fields = {*Settings.__struct_fields__, *Provider.__struct_fields__}

    assert not {"key", "api_key", "token", "password"} & fields


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Settings.__struct_fields__, "mine", "x"]), inner)
    ),
    max_leaves=8,
)
layers = st.dictionaries(st.sampled_from([*Settings.__struct_fields__, "x"]), json, max_size=4)


@given(st.lists(layers, max_size=3))
def test_any_layers_give_settings_or_an_error(values: list[dict[str, Any]]) -> None:
    with contextlib.suppress(SettingsError):
        settings = read(*values)

        assert settings == msgspec.convert(msgspec.to_builtins(settings), Settings)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('model_provider = "mine"', "a repository can only set"),
        ('[model_providers.mine]\nbase_url = "wss://example.com"', "a repository can only set"),
        ('http_headers = { x = "y" }', "a repository can only set"),
        ('env_key = "HOME"', "a repository can only set"),
        ("model_context_window = 1", "a repository can only set"),
        ('exclude = "*.py"', "a repository can only set"),
        ('exclude = ["!*.py"]', "leave them out"),
        ("enabled = maybe", "not valid TOML"),
        ("a" + ".a" * 40_000 + " = 1", "too long"),
        ("a" + ".a" * 200 + " = 1", "too many dots"),
        ("a = " + "[" * 5_000, "not valid TOML"),
    ],
)
def test_a_repository_can_set_nothing_but_less(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        restrictions(text)


def test_a_repository_can_forbid() -> None:
    assert Restrictions() == restrictions("")
    assert Restrictions(exclude=("/gen/",), enabled=False) == restrictions(
        'exclude = ["/gen/"]\nenabled = false'
    )


@given(
    st.booleans(),
    st.booleans(),
    st.integers(4096, 2_000_000),
    st.none() | st.integers(4096, 3_000_000),
)
def test_restrictions_never_widen(mine: bool, theirs: bool, window: int, most: int | None) -> None:
    settings = Settings(enabled=mine, model_context_window=window)
    by = Restrictions(enabled=theirs, model_context_window=most)
    after = restricted(settings, by)

    assert after.enabled == (mine and theirs)
    assert after.model_context_window == min(window, most or window)
    assert msgspec.structs.replace(after, enabled=mine, model_context_window=window) == settings
