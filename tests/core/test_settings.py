"""Settings: layers, bounds, and errors that say which setting is wrong and what would be right."""

import contextlib
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.fields import fields
from spark_lsp.core.settings import (
    OPENAI,
    Background,
    Capabilities,
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


def mine(**fields: Any) -> dict[str, Any]:
    """Return a layer with a provider."""
    return {"model_providers": {"mine": {**MINE, **fields}}}


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (
            {"model_context_window": "big"},
            "model_context_window: write a whole number from 4096 to 2000000",
        ),
        (
            {"model_context_window": 10},
            "model_context_window: write a whole number from 4096 to 2000000",
        ),
        (
            {"model_context_window": 10**9},
            "model_context_window: write a whole number from 4096 to 2000000",
        ),
        ({"enabled": "yes"}, "enabled: write true or false"),
        ({"model": None}, "model: write a text in quotes"),
        (
            {"model_reasoning_effort": "huge"},
            "model_reasoning_effort: write none, minimal, low, medium, high, xhigh or max",
        ),
        (
            {"model_reasoning_effort": 5},
            "model_reasoning_effort: write none, minimal, low, medium, high, xhigh or max",
        ),
        ({"modle": "x"}, "modle: there is no such setting, do you mean model?"),
        ({"enable": True}, "enable: there is no such setting, do you mean enabled?"),
        ({"qqq": True}, "qqq: there is no such setting"),
        (
            {"model_provider": "mine"},
            (
                "model_provider: there is no provider 'mine'; define [model_providers.mine] or use "
                "embedded or openai"
            ),
        ),
        (
            {"model_provider": "opnai"},
            (
                "model_provider: there is no provider 'opnai', do you mean openai?; define "
                "[model_providers.opnai] or use embedded or openai"
            ),
        ),
        ({"background": 5}, "background: write a table, [background]"),
        ({"background": {"model": 5}}, "background.model: write a text in quotes"),
        (
            {"background": {"modle": "x"}},
            "background.modle: there is no such setting, do you mean model?",
        ),
        (
            {"background": {"model_provider": "mine"}},
            (
                "background.model_provider: there is no provider 'mine'; define "
                "[model_providers.mine] or use embedded or openai"
            ),
        ),
        ({"model_providers": 5}, "model_providers: write one [model_providers.NAME] for each"),
        (
            {"model_providers": {"embedded": MINE}},
            "model_providers.embedded: that is the engine, use another name",
        ),
        (
            {"model_providers": {"mine": 5}},
            "model_providers.mine: write a table, [model_providers.mine]",
        ),
        ({"model_providers": {"mine": {}}}, "model_providers.mine.base_url: is missing, write one"),
        (mine(base_url=7), "model_providers.mine.base_url: write a text in quotes"),
        (
            mine(base_ur="x"),
            "model_providers.mine.base_ur: there is no such setting, do you mean base_url?",
        ),
        (mine(api_key="x"), "model_providers.mine.api_key: there is no such setting"),
        (
            mine(request_max_retries=9),
            "model_providers.mine.request_max_retries: write a whole number from 0 to 5",
        ),
        (
            mine(stream_idle_timeout_ms=0),
            "model_providers.mine.stream_idle_timeout_ms: write a whole number from 1 to 600000",
        ),
        (
            mine(wire_api="telex"),
            (
                "model_providers.mine.wire_api: write "
                "responses, completions, fim, infill, ollama or chat"
            ),
        ),
        (
            mine(capabilities={"lanes": "yes"}),
            "model_providers.mine.capabilities.lanes: write true or false",
        ),
        (
            mine(capabilities={"lane": True}),
            "model_providers.mine.capabilities.lane: there is no such setting, do you mean lanes?",
        ),
        (
            mine(http_headers={"x": 5}),
            'model_providers.mine.http_headers: write a table of texts, such as { name = "value" }',
        ),
        (
            mine(supports_websockets=True, wire_api="chat"),
            (
                "model_providers.mine.supports_websockets: only Responses have them; "
                'leave it out, or set wire_api = "responses"'
            ),
        ),
        (
            mine(supports_prediction=True),
            (
                "model_providers.mine.supports_prediction: responses has none; "
                'leave it out, or set wire_api = "chat"'
            ),
        ),
        (
            mine(fim_template="granite", wire_api="infill"),
            (
                "model_providers.mine.fim_template: infill has none; "
                "leave it out, or set wire_api to completions or ollama"
            ),
        ),
    ],
    ids=lambda value: value.partition(": ")[0] if isinstance(value, str) else "",
)
def test_an_error_names_the_setting_and_what_would_be_right(
    layer: dict[str, Any], sentence: str
) -> None:
    told = error_of(layer)

    assert told.startswith(sentence)
    assert "\n" not in told


NO_ADDRESSES = [
    "",
    "example.com/v1",
    "ftp://h/v1",
    "ws:///v1",
    "ws://h:port/v1",
    "ws://h:0/v1",
    "ws://h:65536/v1",
    "ws://[::1/v1",
    "ws://h h/v1",
    "ws://h/v1#x",
    "ws://h/v1\n",
    "ws://h\\@127.0.0.1/v1",
    "ws://a:b@c@127.0.0.1/v1",
    "ws://a@127.0.0.1/v1",
    "ws://127.0.0.1\u3002example.com/v1",
    "ws://h:\uff11/v1",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    right = "write an address such as wss://api.example.com/v1"

    assert f"model_providers.mine.base_url: {right}" == error_of(mine(base_url=url))


HIDDEN = "4711-placeholder"
"""What no error may repeat."""


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"base_url": f"ftp://me:{HIDDEN}@h/v1"}, "base_url: write an address"),
        (
            {"base_url": f"wss://me:{HIDDEN}@h/v1", "env_key": "MY_KEY"},
            "base_url: a password and env_key exclude each other, drop one",
        ),
        ({"env_key": f"sk-{HIDDEN}"}, "env_key: write the name of the environment variable"),
        ({"env_key": "9"}, "env_key: write the name of the environment variable"),
        ({"env_key": "A" * 19 + "4711"}, "env_key: write the name of the environment variable"),
        ({"env_key": "MY KEY"}, "env_key: write the name of the environment variable"),
        ({"env_key": "MY_KEY\n"}, "env_key: write the name of the environment variable"),
        ({"env_key": f"Bearer {HIDDEN}"}, "never the key itself"),
        ({"http_headers": {"X-Key": f"{HIDDEN}\r\nHost: evil"}}, "http_headers.X-Key: write one"),
        ({"http_headers": {"X-Key": f"{HIDDEN}\n"}}, "http_headers.X-Key: write one line of ASCII"),
        ({"http_headers": {"X-Key": f" {HIDDEN}"}}, "without spaces around it"),
        ({"http_headers": {"X-Key": f"{HIDDEN}\u20ac"}}, "http_headers.X-Key: write one line"),
        ({"http_headers": {"X-Key": f"\xe9{HIDDEN}"}}, "http_headers.X-Key: write one line"),
        ({"http_headers": {"X-Key": f"\0{HIDDEN}"}}, "http_headers.X-Key: write one line"),
        ({"http_headers": {"": HIDDEN}}, "http_headers: a header's name has only"),
        ({"http_headers": {f"X: {HIDDEN}\r\nY": "y"}}, "http_headers: a header's name has only"),
        ({"http_headers": {"Host": HIDDEN}}, "http_headers.Host: the connection sets it by itself"),
        ({"http_headers": {"Sec-WebSocket-Key": HIDDEN}}, "leave it out"),
        (
            {"http_headers": {"authorization": HIDDEN}, "env_key": "MY_KEY"},
            "http_headers.authorization: that is where the key of env_key goes, drop one",
        ),
        ({"http_headers": HIDDEN}, "http_headers: write a table of texts"),
        ({"wire_api": HIDDEN}, "wire_api: write responses"),
        ({"request_max_retries": HIDDEN}, "request_max_retries: write a whole number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_repeats_no_value_that_may_be_secret(
    fields: dict[str, Any], sentence: str
) -> None:
    told = error_of(mine(**fields))

    assert told.startswith("model_providers.mine.")
    assert sentence in told
    assert HIDDEN not in told
    assert "\n" not in told


@pytest.mark.parametrize("name", ["MY_KEY", "_k", "OPENAI_API_KEY_2", "gpt4_key", ""])
def test_the_name_of_a_variable_is_no_key(name: str) -> None:
    assert name == read(mine(env_key=name)).model_providers["mine"].env_key


def test_a_value_that_holds_secrets_does_not_show_them() -> None:
    secret = mine(
        base_url=f"wss://me:{HIDDEN}@h/v1?api-key={HIDDEN}",
        http_headers={"X-Key": HIDDEN},
        query_params={"key": HIDDEN},
    )
    settings = read({"model_provider": "mine"}, secret)

    assert HIDDEN in settings.model_providers["mine"].base_url
    for value in (settings, settings.provider(), [settings]):
        assert HIDDEN not in f"{value!r} {value}"


@pytest.mark.parametrize(
    "fields",
    [
        {"wire_api": "completions", "supports_websockets": False},
        {"wire_api": "responses", "supports_websockets": False},
        {"wire_api": "ollama", "fim_template": "{suffix}{prefix}"},
        {"wire_api": "completions", "fim_template": "starcoder2"},
        {"http_headers": {"X-Team": "core team", "api-key": ""}},
        {"http_headers": {"Authorization": "Basic eDp5"}},
    ],
)
def test_what_fits_together_is_taken(fields: dict[str, Any]) -> None:
    assert Provider(**MINE, **fields) == read(mine(**fields)).model_providers["mine"]


def test_the_background_may_have_a_provider_of_its_own() -> None:
    settings = read({"background": {"model_provider": "openai", "model": "gpt-6-astra"}})

    assert ("openai", "gpt-6-astra") == (
        settings.background.model_provider,
        settings.background.model,
    )
    assert settings.provider() is None


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:1/v1",
        "wss://api.example.com/v1",
        "HTTPS://api.example.com",
        "http://localhost:8080/",
        "ws://[::1]:80/v1",
        "wss://h/v1?version=1",
        "wss://me:placeholder@h:65535/v1",
    ],
)
def test_an_address_has_a_scheme_and_a_host(url: str) -> None:
    assert (
        url
        == read({"model_providers": {"mine": {"base_url": url}}}).model_providers["mine"].base_url
    )


@pytest.mark.parametrize("layer", [{"model_providers": []}, {"model_providers": {"mine": 5}}])
def test_a_value_where_a_table_belongs_is_an_error_too(layer: dict[str, Any]) -> None:
    assert "model_providers" in error_of({"model_providers": {"mine": MINE}}, layer)


@pytest.mark.parametrize("record", [Settings, Background, Provider, Capabilities])
def test_every_setting_has_a_sentence(record: type[msgspec.Struct]) -> None:
    for field in fields(record):
        assert re.fullmatch(r"[a-z].{10,}[^.]", field.meaning), field.name


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
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(st.booleans(), st.booleans()),
    st.integers(4096, 2_000_000),
    st.none() | st.integers(4096, 3_000_000),
)
def test_restrictions_never_widen(
    mine: tuple[bool, bool], theirs: tuple[bool, bool], window: int, most: int | None
) -> None:
    settings = Settings(enabled=mine[0], drafts=mine[1], model_context_window=window)
    by = Restrictions(enabled=theirs[0], drafts=theirs[1], model_context_window=most)
    after = restricted(settings, by)

    assert after.enabled == (mine[0] and theirs[0])
    assert after.drafts == (mine[1] and theirs[1])
    assert after.model_context_window == min(window, most or window)
    same = {"enabled": mine[0], "drafts": mine[1], "model_context_window": window}
    assert msgspec.structs.replace(after, **same) == settings
