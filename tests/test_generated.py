"""What is made of the settings is up to date, and says what the settings say."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from spark_lsp.core.settings import Settings, SettingsError, read
from tests.fixture import ROOT
from tools import settings as tool

STALE = "is out of date: say `make settings`"


@pytest.mark.parametrize("path", [tool.README, tool.SCHEMA, tool.VSCODE], ids=lambda it: it.name)
def test_what_is_made_of_the_settings_is_up_to_date(path: Any) -> None:
    assert tool.made()[path] == path.read_text("utf-8"), f"{path.name} {STALE}"


def test_the_tool_says_what_it_has_written_and_writes_nothing_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("sys.argv", ["settings"])
    for name in ("ROOT", "SCHEMA", "VSCODE", "README"):
        path = tmp_path / getattr(tool, name).relative_to(ROOT)
        monkeypatch.setattr(tool, name, path)
    tool.VSCODE.parent.mkdir(parents=True)
    tool.VSCODE.write_text('{"contributes": {"configuration": [{}, {"title": "more"}]}}', "utf-8")
    tool.README.write_text(f"a\n{tool._BEGIN}old\n{tool._END}b\n", "utf-8")
    first = (tool.main(), capsys.readouterr().out)
    second = (tool.main(), capsys.readouterr().out)
    monkeypatch.setattr("sys.argv", ["settings", "--check"])
    third = (tool.main(), capsys.readouterr().err)
    tool.SCHEMA.write_text("{}", "utf-8")
    fourth = (tool.main(), capsys.readouterr().err)

    made = "README.md\ndocs/settings.schema.json\neditors/vscode/package.json\n"
    assert ((0, made), (0, ""), (0, "")) == (first, second, third)
    assert (1, f"docs/settings.schema.json {STALE}\n") == fourth
    described = json.loads(tool.VSCODE.read_text("utf-8"))["contributes"]["configuration"]
    assert [tool.vscode_configuration(), {"title": "more"}] == described
    text = tool.README.read_text("utf-8")
    assert text.startswith(f"a\n{tool._BEGIN}| setting")
    assert text.endswith(f"\n{tool._END}b\n")


def blocks() -> Iterator[str]:
    """Every piece of TOML in the README."""
    yield from re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", list(blocks()))
def test_what_the_readme_shows_is_a_configuration(block: str) -> None:
    assert read(tomllib.loads(block)) != Settings()


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is what a schema allows, as far as ours go."""
    kinds = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "object": dict,
        "null": type(None),
    }
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is kinds[name] for name in types):
        return False
    if isinstance(value, dict):
        inner, other = schema.get("properties", {}), schema.get("additionalProperties", False)
        return set(schema.get("required", ())) <= set(value) and all(
            fits(part, inner.get(name, other)) if inner.get(name, other) else False
            for name, part in value.items()
        )
    low, high = schema.get("minimum"), schema.get("maximum")
    return (
        ("enum" not in schema or value in schema["enum"])
        and ("pattern" not in schema or bool(re.search(schema["pattern"], value)))
        and (low is None or value >= low)
        and (high is None or value <= high)
    )


SERVER = {"base_url": "wss://api.example.com/v1"}
LAYERS: list[dict[str, Any]] = [
    {},
    {"enabled": False, "model": "x", "embedded_fallback": False},
    {"model_context_window": 4096},
    {"model_context_window": 4095},
    {"model_context_window": 2_000_001},
    {"model_reasoning_effort": "xhigh"},
    {"model_reasoning_effort": "huge"},
    {"background": {"model_provider": "openai", "model": "x"}},
    {"background": {"nobody": "x"}},
    {"model_providers": {"mine": SERVER}},
    {"model_providers": {"mine": {}}},
    {"model_providers": {"mine": {**SERVER, "wire_api": "infill", "http_headers": {"a": "b"}}}},
    {"model_providers": {"mine": {**SERVER, "wire_api": "telex"}}},
    {"model_providers": {"mine": {**SERVER, "http_headers": {"a": 1}}}},
    {"model_providers": {"mine": {**SERVER, "capabilities": {"lanes": True}}}},
    {"model_providers": {"mine": {**SERVER, "capabilities": {"lanes": 1}}}},
    {"model_providers": {"mine": {"base_url": "api.example.com/v1"}}},
    {"model_providers": {"mine": {"base_url": "ftp://api.example.com/v1"}}},
    {"model_providers": {"mine": {"base_url": "see wss://api.example.com/v1"}}},
    {"model_providers": {"mine": {"base_url": "http://[::1]:8080/v1?a=b"}}},
    {"model_providers": {"mine": {"base_url": "http://me:word@127.0.0.1"}}},
    {"model_providers": {"mine": {**SERVER, "env_key": ""}}},
    {"model_providers": {"mine": {**SERVER, "env_key": "MY_KEY"}}},
    {"model_providers": {"mine": {**SERVER, "env_key": "MY KEY"}}},
    {"model_providers": {"mine": {**SERVER, "env_key": "A" * 19 + "4711"}}},
    {"model_providers": {"mine": {**SERVER, "env_key": "PLACEHOLDERS_OF_A_VERY_LONG_NAME_1"}}},
    {"modle": "x"},
    {"enabled": 1},
]


@pytest.mark.parametrize("layer", LAYERS, ids=json.dumps)
def test_the_schema_allows_what_is_taken_and_nothing_else(layer: dict[str, Any]) -> None:
    try:
        read(layer)
        taken = True
    except SettingsError:
        taken = False

    assert taken is fits(layer, tool.toml_schema())


def test_what_vs_code_is_told_makes_the_settings_that_the_server_reads() -> None:
    layer: dict[str, Any] = {}
    for name, schema in tool.vscode_configuration()["properties"].items():
        prefix, *path, last = name.split(".")
        place = layer
        for part in path:
            place = place.setdefault(part, {})
        place[last] = schema["default"]
        assert ("spark", "machine") == (prefix, schema["scope"])
        assert fits(schema["default"], schema)

    assert set(Settings.__struct_fields__) == set(layer)
    assert Settings() == read(layer)
