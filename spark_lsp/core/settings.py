"""What a person can set, once: names, defaults, bounds and one sentence each.

Owns the record and its validation. Where settings come from (file, environment, editor) is left to
`server.configuration`. The names are Codex's where Codex has one (its `config.toml`).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_ADDRESS = re.compile(
    r"(?:ws|http)s?://(?:[^/?#@\s]*@)?(?:\[[0-9a-f:.]+\]|[^/?#@:\s\[\]]+)(?::\d{1,5})?(?:[/?][^#\s]*)?",
    re.IGNORECASE,
)
_Record = TypeVar("_Record", bound=msgspec.Struct)

EMBEDDED = "embedded"
"""The provider that needs no network and no key, and its model's name."""

Milliseconds = Annotated[int, Meta(ge=1, le=600_000)]


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server that completes.

    Attributes:
        base_url: its root, e.g. "wss://api.example.com/v1".
        env_key: the name of the environment variable that holds the key, never the key.
        wire_api: the protocol it speaks; so far only "responses".
        supports_websockets: whether Responses go over WebSocket; they must, so far.
        http_headers: headers sent with each connection.
        query_params: parameters added to each URL.
        request_max_retries: how often a request is sent again after a transient failure.
        stream_idle_timeout_ms: how long a stream may say nothing.
        websocket_connect_timeout_ms: how long a handshake may take.
    """

    base_url: str
    env_key: str = ""
    wire_api: Literal["responses"] = "responses"
    supports_websockets: bool = True
    http_headers: dict[str, str] = {}
    query_params: dict[str, str] = {}
    request_max_retries: Annotated[int, Meta(ge=0, le=5)] = 1
    stream_idle_timeout_ms: Milliseconds = 5000
    websocket_connect_timeout_ms: Milliseconds = 3000


OPENAI = Provider(base_url="wss://api.openai.com/v1", env_key="OPENAI_API_KEY")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a person can set.

    Attributes:
        enabled: whether completions are offered at all.
        model_provider: "embedded", "openai" or a name from `model_providers`.
        model: the model's name; the embedded engine has none.
        model_context_window: the model's context in tokens.
        model_reasoning_effort: how hard the model may think first.
        model_providers: servers by name.
    """

    enabled: bool = True
    model_provider: str = EMBEDDED
    model: str = "gpt-6-luna"
    model_context_window: Annotated[int, Meta(ge=4096, le=2_000_000)] = 128_000
    model_reasoning_effort: (
        Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None
    ) = "low"
    model_providers: dict[str, Provider] = {}

    def provider(self) -> Provider | None:
        """Return the chosen server, or None for the embedded engine."""
        if self.model_provider == EMBEDDED:
            return None
        return {"openai": OPENAI, **self.model_providers}[self.model_provider]


class Restrictions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a repository can say of itself: less, and never where to.

    Attributes:
        exclude: files that are never read or sent, as patterns of a `.gitignore` at the root.
        enabled: whether completions may be offered in it.
        model_context_window: the most tokens that may be sent at a time, or None.
    """

    exclude: tuple[str, ...] = ()
    enabled: bool = True
    model_context_window: Annotated[int, Meta(ge=4096)] | None = None


RESTRICTIONS = ".spark-lsp.toml"
"""The file at the root of a repository that holds its restrictions."""
_LONGEST = 64_000
_DOTS = 100


class SettingsError(ValueError):
    """A setting is wrong; the message names it and says what would be right."""


def read(*layers: Mapping[str, Any]) -> Settings:
    """Return the settings that the layers give, later ones before earlier ones.

    Raises:
        SettingsError: if a name is unknown or a value out of bounds.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merged(merged, layer)
    providers = merged.pop("model_providers", {})
    if not isinstance(providers, Mapping):
        raise SettingsError("model_providers: write one [model_providers.NAME] for each server")
    settings = _converted(
        {
            **merged,
            "model_providers": {
                name: _provider(f"model_providers.{name}", raw) for name, raw in providers.items()
            },
        },
        Settings,
    )
    known = [EMBEDDED, "openai", *settings.model_providers]
    if settings.model_provider not in known:
        message = (
            f"model_provider: there is no provider {settings.model_provider!r}; "
            f"define [model_providers.{settings.model_provider}] or use one of {', '.join(known)}"
        )
        raise SettingsError(message)
    return settings


def restrictions(text: str) -> Restrictions:
    """Return the restrictions that a repository's file holds.

    Raises:
        SettingsError: if it holds anything else, such as a provider, or is no TOML.
    """
    # tomllib takes more than quadratic time for dotted keys, and the file may be hostile.
    if len(text) > _LONGEST or any(line.count(".") > _DOTS for line in text.split("\n")):
        raise SettingsError(f"{RESTRICTIONS}: is too long, or has too many dots in a line")
    try:
        found = _converted(tomllib.loads(text), Restrictions)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{RESTRICTIONS} is not valid TOML: {error}") from None
    except SettingsError as error:
        names = ", ".join(Restrictions.__struct_fields__)
        message = f"{RESTRICTIONS}: {error}; a repository can only set {names}"
        raise SettingsError(message) from None
    if any(pattern.startswith("!") for pattern in found.exclude):
        raise SettingsError(
            f"{RESTRICTIONS}: exclude: patterns with ! would take back; leave them out"
        )
    return found


def restricted(settings: Settings, by: Restrictions) -> Settings:
    """Return settings that keep to the restrictions of a repository."""
    window = min(settings.model_context_window, by.model_context_window or 2_000_000)
    enabled = settings.enabled and by.enabled
    return msgspec.structs.replace(settings, enabled=enabled, model_context_window=window)


def _provider(place: str, raw: object) -> Provider:
    provider = _converted(raw, Provider, place)
    if not _ADDRESS.fullmatch(provider.base_url):
        # The address is not repeated: there may be a password in it.
        message = f"{place}.base_url: write an address such as wss://api.example.com/v1"
        raise SettingsError(message)
    if not provider.supports_websockets:
        message = f"{place}.supports_websockets: only WebSocket is understood yet, use true"
        raise SettingsError(message)
    return provider


def _converted(raw: object, kind: type[_Record], place: str = "") -> _Record:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(_sentence(str(error), place, kind)) from None


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def _sentence(message: str, place: str, kind: type[msgspec.Struct]) -> str:
    """Turn msgspec's "Expected `int` - at `$.a.b`" into "place.a.b: expected `int`"."""
    what, _, where = message.partition(" - at `$")
    path = (place + where.rstrip("`")).lstrip(".")
    dot = "." if path else ""
    if unknown := _UNKNOWN.fullmatch(what):
        near = get_close_matches(unknown[1], kind.__struct_fields__, 1)
        hint = f", do you mean {near[0]}?" if near else ""
        return f"{path}{dot}{unknown[1]}: there is no such setting{hint}"
    if missing := _MISSING.fullmatch(what):
        return f"{path}{dot}{missing[1]}: is missing, write one"
    if choices := _choices(kind, path.rpartition(".")[2]):
        return f"{path}: choose {' or '.join(filter(None, (', '.join(choices[:-1]), choices[-1])))}"
    what = (what[:1].lower() + what[1:]).replace("`object`", "a table")
    return f"{path}: {what}" if path else what


def _choices(kind: type[msgspec.Struct], name: str) -> Sequence[str]:
    """Return the values that a setting can have, if they are few enough to be told."""
    hint = get_type_hints(kind).get(name)
    literals = [part for part in (hint, *get_args(hint)) if get_origin(part) is Literal]
    return [str(value) for literal in literals for value in get_args(literal)]
