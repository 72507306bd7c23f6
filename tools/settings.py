"""Renews what is made of the settings' annotations: `make settings`.

Owns three spellings of one source, `spark_lsp.core.settings`: the table in README.md, the JSON
schema of `config.toml` (for Taplo and what builds on it), and what the extension for VS Code has in
its package.json.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from spark_lsp.core.fields import Field, fields
from spark_lsp.core.settings import PATTERNS, Settings
from spark_lsp.wire.dialects.templates import NAMES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SCHEMA = ROOT / "docs" / "settings.schema.json"
VSCODE = ROOT / "editors" / "vscode" / "package.json"

_BEGIN, _END = "<!-- settings: made by `make settings` -->\n", "<!-- /settings -->\n"
_KNOWN = {"fim_template": NAMES}
"""Values that other modules know of, beside those that a person makes up."""

Json = dict[str, Any]


def made() -> dict[Path, str]:
    """Return what each file should hold."""
    before, begin, rest = README.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise SystemExit(f"README.md: put {_BEGIN.strip()} and {_END.strip()} around the table")
    return {
        README: f"{before}{begin}{table()}{end}{after}",
        SCHEMA: _spelled(toml_schema()),
        VSCODE: _spelled(_package(json.loads(VSCODE.read_text("utf-8")))),
    }


def table() -> str:
    """Return the settings as a table in Markdown."""
    rows = ["| setting | default | what it means |", "|---|---|---|"]
    rows += [f"| `{name}` | {_default(it)} | {_told(it)} |" for name, it in _all(Settings)]
    return "\n".join(rows) + "\n"


def toml_schema() -> Json:
    """Return the JSON schema of `config.toml`, in the draft that editors of TOML know."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "spark-lsp: config.toml",
        **_object(Settings, nulls=False),
    }


def vscode_configuration() -> Json:
    """Return what belongs under `contributes.configuration` in a package.json.

    All of it has the scope "machine": what a workspace brings along may not say where text goes. An
    extension sends what a person has set, not these defaults, which would hide `config.toml`.
    """
    properties: Json = {}
    for it in fields(Settings):
        if it.record and not it.named:
            inner = _object(it.record, nulls=True)["properties"]
            properties |= {f"spark.{it.name}.{name}": value for name, value in inner.items()}
        else:
            properties[f"spark.{it.name}"] = _object(Settings, nulls=True)["properties"][it.name]
    for order, value in enumerate(properties.values()):
        value["markdownDescription"] = value.pop("description")
        value |= {"scope": "machine", "order": order}
    return {"title": "spark-lsp", "properties": properties}


def _all(record: type[msgspec.Struct], above: str = "") -> Iterator[tuple[str, Field]]:
    """Yield all settings with their whole names; those that hold others come as these."""
    for it in fields(record):
        name = f"{above}{it.name}"
        if it.record:
            yield from _all(it.record, f"{name}.NAME." if it.named else f"{name}.")
        else:
            yield name, it


def _default(it: Field) -> str:
    if it.needed or it.default in (None, ""):
        return ""
    return f"`{json.dumps(it.default)}`"


def _told(it: Field) -> str:
    bounds = it.right.partition("a whole number ")[2]
    parts = [
        it.meaning,
        f"one of {_quoted(it.choices)}" if it.choices else "",
        f"known are {_quoted(_KNOWN[it.name])}" if it.name in _KNOWN else "",
        bounds,
    ]
    return "; ".join(filter(None, parts))


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _object(record: type[msgspec.Struct], *, nulls: bool) -> Json:
    """Return the schema of a record, with those of all that it holds in it."""
    _, parts = msgspec.json.schema_components([record], ref_template="{name}")
    told: Json = parts[record.__name__]
    known = {it.name: it for it in fields(record)}
    properties = {
        name: _property(known[name], raw, nulls=nulls) for name, raw in told["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        **({"required": told["required"]} if told["required"] else {}),
        "additionalProperties": False,
    }


def _property(it: Field, raw: Mapping[str, Any], *, nulls: bool) -> Json:
    told = _told(it)
    result: Json = {"description": f"{told[0].upper()}{told[1:]}."}
    if it.record and it.named:
        inner = _object(it.record, nulls=nulls)
        result |= {"type": "object", "additionalProperties": inner, "default": {}}
    elif it.record:
        result |= _object(it.record, nulls=nulls)
    else:
        either = raw.get("anyOf", [raw])
        result |= {key: value for key, value in either[0].items() if key != "description"}
        if it.choices:
            result |= {"type": "string", "enum": list(it.choices)}
        if it.name in PATTERNS:
            # Not every reader of a schema knows groups with names, and none matches the whole.
            result["pattern"] = f"^(?:{re.sub(r'[?]P<[a-z]+>', '?:', PATTERNS[it.name])})$"
        if nulls and len(either) > 1:
            result["type"] = [result["type"], "null"]
            if it.choices:
                result["enum"] = [*it.choices, None]
        if it.default is not None or nulls:
            result |= {} if it.needed else {"default": it.default}
    if "examples" in raw:
        result["examples"] = raw["examples"]
    return result


def _package(described: Json) -> Json:
    """Return a package.json with our settings first; those of the extension alone follow."""
    described["contributes"]["configuration"][0] = vscode_configuration()
    return described


def _spelled(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write what is out of date; with --check, only say so."""
    stale = {path: text for path, text in made().items() if not _is(path, text)}
    for path, text in stale.items():
        name = path.relative_to(ROOT).as_posix()
        if "--check" in sys.argv[1:]:
            sys.stderr.write(f"{name} is out of date: say `make settings`\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            sys.stdout.write(f"{name}\n")
    return int(bool(stale) and "--check" in sys.argv[1:])


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
