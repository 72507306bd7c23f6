"""What a person can set, once: names, defaults, bounds and one sentence each.

Owns the records and their validation. Where settings come from (file, environment, editor), and
which templates there are, is left to `server.configuration`; how mistakes are told to `fields`. The
names are Codex's where Codex has one (its `config.toml`). What the annotations say makes the
errors, the table in README.md, the JSON schema and the settings of VS Code: `make settings` renews
these.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from spark_lsp.core.fields import listed, sentence, suggestion

_Record = TypeVar("_Record", bound=msgspec.Struct)

EMBEDDED = "embedded"
"""The provider that needs no network and no key, and its model's name."""

Milliseconds = Annotated[int, Meta(ge=1, le=600_000)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
WireApi = Literal["responses", "completions", "fim", "infill", "ollama", "chat"]


class Capabilities(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a provider can do, where a person knows better than we do; None leaves it to us."""

    lanes: Annotated[
        bool | None,
        Meta(description="whether several responses may run on one connection, by `stream_id`"),
    ] = None
    continuation: Annotated[
        bool | None, Meta(description="whether `previous_response_id` works")
    ] = None
    warm_up: Annotated[bool | None, Meta(description="whether `generate: false` works")] = None
    interrupt: Annotated[
        bool | None, Meta(description="whether the private `response.interrupt` works")
    ] = None
    steer: Annotated[bool | None, Meta(description="whether `response.steer` works")] = None
    cache_breakpoint: Annotated[
        bool | None,
        Meta(description="whether an explicit `prompt_cache_breakpoint` is understood"),
    ] = None


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A server that completes."""

    base_url: Annotated[
        str,
        Meta(
            description="the root of the server, such as `wss://…/v1`; `https://` means the same",
            examples=["wss://api.example.com/v1", "http://127.0.0.1:8080"],
        ),
    ]
    env_key: Annotated[
        str,
        Meta(
            description="the name of the environment variable with the key, or of its entry in the "
            "system keyring (`keyring set spark-lsp NAME`); never the key itself",
            examples=["MY_KEY"],
        ),
    ] = ""
    wire_api: Annotated[
        WireApi,
        Meta(description="the protocol that it speaks"),
    ] = "responses"
    supports_websockets: Annotated[
        bool,
        Meta(
            description="whether `responses` go over WebSocket, or over HTTP with server-sent "
            "events"
        ),
    ] = True
    supports_prediction: Annotated[
        bool,
        Meta(
            description="whether `chat` understands `prediction`, by which what is rewritten comes "
            "faster"
        ),
    ] = False
    http_headers: Annotated[
        dict[str, str], Meta(description="headers that are sent with each connection")
    ] = {}
    query_params: Annotated[
        dict[str, str], Meta(description="parameters that are added to each URL")
    ] = {}
    request_max_retries: Annotated[
        int,
        Meta(ge=0, le=5, description="how often a request is sent again after a passing failure"),
    ] = 1
    stream_idle_timeout_ms: Annotated[
        Milliseconds, Meta(description="milliseconds for which an answer may stand still")
    ] = 5000
    websocket_connect_timeout_ms: Annotated[
        Milliseconds, Meta(description="milliseconds that a handshake may take")
    ] = 3000
    fim_template: Annotated[
        str,
        Meta(
            description="how `completions` and `ollama` put the text around the cursor into one "
            "prompt: a family of models by name, or a template of your own with `{prefix}` and "
            "`{suffix}`; chosen by the model's name where it is not set",
            examples=["qwen2.5-coder", "<PRE> {prefix} <SUF>{suffix} <MID>"],
        ),
    ] = ""
    capabilities: Annotated[
        Capabilities,
        Meta(description="what it can do, where you know that better than spark-lsp does"),
    ] = Capabilities()

    def __repr__(self) -> str:
        """Name the protocol, and leave out what may hold a key or a password."""
        return f"Provider(wire_api={self.wire_api!r}, env_key={self.env_key!r})"


OPENAI = Provider(base_url="wss://api.openai.com/v1", env_key="OPENAI_API_KEY")
BUILT_IN = {"openai": OPENAI}
"""Servers that need no table."""


class Background(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model for work that is not typed along with, and the agent that does it."""

    model_provider: Annotated[
        str | None,
        Meta(description="who works in the background, with `responses`; nobody if not set"),
    ] = None
    model: Annotated[str, Meta(description="the model that works in the background")] = (
        "gpt-6-astra"
    )
    model_reasoning_effort: Annotated[
        Effort | None, Meta(description="how much it thinks; what the model does if not set")
    ] = None
    service_tier: Annotated[
        str, Meta(description="how fast it is served, where its provider has such tiers")
    ] = ""
    agent_command: Annotated[
        str,
        Meta(description="the Codex CLI, by its path or name; `codex` on the PATH if not set"),
    ] = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a person can set."""

    enabled: Annotated[bool, Meta(description="whether completions are offered at all")] = True
    model_provider: Annotated[
        str,
        Meta(
            description="who completes: `embedded`, `openai`, or a name from `model_providers`",
            examples=[EMBEDDED, "openai"],
        ),
    ] = EMBEDDED
    model: Annotated[str, Meta(description="the model's name; the embedded engine has none")] = (
        "gpt-6-luna"
    )
    model_context_window: Annotated[
        int, Meta(ge=4096, le=2_000_000, description="the model's context in tokens")
    ] = 128_000
    model_reasoning_effort: Annotated[
        Effort | None, Meta(description="how hard the model may think first")
    ] = "low"
    service_tier: Annotated[
        str,
        Meta(description="how fast it is served, where its provider has such tiers, as `priority`"),
    ] = ""
    embedded_fallback: Annotated[
        bool,
        Meta(description="whether the embedded engine fills in while the provider is away"),
    ] = True
    drafts: Annotated[
        bool,
        Meta(
            description="whether the embedded engine's continuation, where it is sure, is shown "
            "until the model's comes"
        ),
    ] = True
    stats: Annotated[
        bool,
        Meta(
            description="whether it is counted, on this machine only, what becomes of suggestions; "
            "`spark-lsp stats` tells the figures"
        ),
    ] = True
    background: Annotated[
        Background,
        Meta(description="a second model, for what a later release does beside the typing"),
    ] = Background()
    model_providers: Annotated[
        dict[str, Provider], Meta(description="servers by a name that you choose")
    ] = {}

    def provider(self) -> Provider | None:
        """Return the chosen server, or None for the embedded engine."""
        return self._named(self.model_provider)

    def background_provider(self) -> Provider | None:
        """Return the server that works in the background, or None if there is none."""
        return self._named(self.background.model_provider or EMBEDDED)

    def _named(self, name: str) -> Provider | None:
        return None if name == EMBEDDED else {**BUILT_IN, **self.model_providers}[name]


class Restrictions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a repository can say of itself: less, and never where to.

    Attributes:
        exclude: files that are never read or sent, as patterns of a `.gitignore` at the root.
        enabled: whether completions may be offered in it.
        drafts: whether the embedded engine's may be shown until the model's come.
        model_context_window: the most tokens that may be sent at a time, or None.
    """

    exclude: tuple[str, ...] = ()
    enabled: bool = True
    drafts: bool = True
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
    if EMBEDDED in providers:
        raise SettingsError(f"model_providers.{EMBEDDED}: that is the engine, use another name")
    settings = _converted(
        {
            **merged,
            "model_providers": {
                name: _provider(f"model_providers.{name}", raw) for name, raw in providers.items()
            },
        },
        Settings,
    )
    known = list(dict.fromkeys([EMBEDDED, *BUILT_IN, *settings.model_providers]))
    for place, name in (
        ("model_provider", settings.model_provider),
        ("background.model_provider", settings.background.model_provider),
    ):
        if name is not None and name not in known:
            message = (
                f"{place}: there is no provider {name!r}{suggestion(name, known)}; "
                f"define [model_providers.{name}] or use {listed(known)}"
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
    enabled, drafts = settings.enabled and by.enabled, settings.drafts and by.drafts
    return msgspec.structs.replace(
        settings, enabled=enabled, drafts=drafts, model_context_window=window
    )


_ADDRESS = re.compile(
    r"(?:[Ww][Ss]|[Hh][Tt]{2}[Pp])[Ss]?://(?P<user>[^/?#@\s\\:]+:[^/?#@\s\\]*@)?"
    r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?][^#\s\\]*)?"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{20,}")
"""What no name holds: twenty letters and digits in a row."""
PATTERNS = {
    "base_url": _ADDRESS.pattern,
    "env_key": f"(?:(?!.*{_KEY.pattern}){_VARIABLE.pattern})?",
}
"""What the whole text of some settings is like, for schemas; the errors say it in words."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")
_OWN_HEADERS = {"connection", "content-length", "host", "transfer-encoding", "upgrade"}
_TEMPLATED = {"completions", "ollama"}


def _provider(place: str, raw: object) -> Provider:
    """Return a provider, or say what is wrong with it without repeating what may be secret."""
    provider = _converted(raw, Provider, place)
    address = _ADDRESS.fullmatch(provider.base_url)
    if not address or int(address["port"] or 1) not in range(1, 65_536):
        raise SettingsError(f"{place}.base_url: write an address such as wss://api.example.com/v1")
    name = provider.env_key
    if name and (not _VARIABLE.fullmatch(name) or _KEY.search(name)):
        right = "the name of the environment variable that holds the key, such as MY_KEY"
        raise SettingsError(f"{place}.env_key: write {right}, never the key itself")
    if name and address["user"]:
        raise SettingsError(
            f"{place}.base_url: a password and env_key exclude each other, drop one"
        )
    _check_headers(f"{place}.http_headers", provider)
    given = raw if isinstance(raw, Mapping) else {}
    if given.get("supports_websockets") and provider.wire_api != "responses":
        fix = 'leave it out, or set wire_api = "responses"'
        raise SettingsError(f"{place}.supports_websockets: only Responses have them; {fix}")
    if given.get("supports_prediction") and provider.wire_api != "chat":
        fix = 'leave it out, or set wire_api = "chat"'
        raise SettingsError(f"{place}.supports_prediction: {provider.wire_api} has none; {fix}")
    if "fim_template" in given and provider.wire_api not in _TEMPLATED:
        fix = f"leave it out, or set wire_api to {listed(sorted(_TEMPLATED))}"
        raise SettingsError(f"{place}.fim_template: {provider.wire_api} has none; {fix}")
    return provider


def _check_headers(place: str, provider: Provider) -> None:
    for name, value in provider.http_headers.items():
        if not _HEADER.fullmatch(name):
            raise SettingsError(f"{place}: a header's name has only letters, digits and dashes")
        low = name.lower()
        if low in _OWN_HEADERS or low.startswith("sec-websocket-"):
            raise SettingsError(f"{place}.{name}: the connection sets it by itself, leave it out")
        if low == "authorization" and provider.env_key:
            raise SettingsError(f"{place}.{name}: that is where the key of env_key goes, drop one")
        if not _HEADER_VALUE.fullmatch(value):
            right = "one line of ASCII letters, digits and signs, without spaces around it"
            raise SettingsError(f"{place}.{name}: write {right}")


def _converted(raw: object, kind: type[_Record], place: str = "") -> _Record:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(sentence(error, place, kind)) from None


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return result
