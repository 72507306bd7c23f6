"""The walls around a Codex process: its home, its configuration, its environment.

Owns what Codex is allowed and what it is told of the world. Nothing of the person's own Codex comes
in (servers, skills, hooks, histories), nothing of the repository's either: its `.codex` would be
obeyed if it were trusted, and Codex trusts whatever it is started in unless told otherwise. What
keeps it in is a permission profile: it may write below the worktree, but for `.git` and `.codex`
there; it can see that, its own program and the system's, and nothing of the home directory; and it
has no network. What holds in truth is checked by `codex` when the process has started.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from spark_lsp.core.tasks import tools
from spark_lsp.server.agents.finding import Program
from spark_lsp.server.endpoint import Endpoint

PROFILE = "spark"
"""The name of the permission profile, and of the model provider."""
WINDOW = 128_000
LARGEST_COMPACT_AT = 100_000
"""Of 128,000: what is summed up must still fit, and the sum (responses-protocol.md §4)."""

_KEY = "SPARK_AGENT_KEY"
_CARRIED = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT"),
)
"""What Codex gets of our environment, and a command of Codex's."""
_TO_THE_MODEL = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CODEX_CA_CERTIFICATE", "NODE_EXTRA_CA_CERTS"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
"""What Codex gets besides, to find the way to its model; a proxy's address may hold a password."""
_OFF = (
    *("shell_tool", "unified_exec", "code_mode", "code_mode_host", "shell_snapshot"),
    *("apps", "plugins", "remote_plugin", "plugin_sharing", "hooks", "memories", "goals"),
    *("multi_agent", "multi_agent_v2", "skill_mcp_dependency_install", "tool_suggest"),
    *("browser_use", "browser_use_external", "browser_use_full_cdp_access", "in_app_browser"),
    *("computer_use", "image_generation", "view_image", "sleep_tool", "workspace_dependencies"),
    *("auth_elicitation", "tool_call_mcp_elicitation", "api_key_model_discovery"),
    *("daemon_auto_start", "guardian_approval", "request_permissions_tool"),
)


@dataclass(frozen=True, slots=True)
class Mind:
    """The model that an agent thinks with.

    Attributes:
        endpoint: where it is, and what opens the door.
        model: its name.
        effort: how much it thinks; "" leaves that to it.
        service_tier: how fast it is served; "" leaves that to whoever serves it.
        websockets: whether it is spoken to over one connection that stays.
        interruptible: whether it takes `response.interrupt`, so that it is steered at once; Codex
            then speaks its maker's dialect, which no other server is known to understand.
        window: how many tokens it can be shown.
        compact_at: how many of them may be used before they are summed up.
    """

    endpoint: Endpoint
    model: str
    effort: str = ""
    service_tier: str = ""
    websockets: bool = True
    interruptible: bool = False
    window: int = WINDOW
    compact_at: int = LARGEST_COMPACT_AT


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agent works; paths that no link is a part of, for Codex tells and asks by those.

    Attributes:
        worktree: the directory that it may change; one of its own.
        home: where Codex keeps its threads, outside of the worktree; may be deleted with the task.
    """

    worktree: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Walls:
    """How a Codex process is to be started."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def hidden(self) -> dict[str, None]:
        """The variables that a command is not to see, as `command/exec` takes them away."""
        return dict.fromkeys(name for name in self.environment if name not in _CARRIED)


def build(
    program: Program, place: Place, mind: Mind, environment: Mapping[str, str], *, commands: bool
) -> Walls:
    """Write the home of a Codex and return how to start one in it. Blocks.

    Raises:
        Unreachable: if what opens the door to the model would go over an open line.
        OSError: if the home cannot be written.
    """
    home = place.home
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # of no use on Windows
        home.chmod(0o700)
    headers = {f"{_KEY}_{number}": name for number, name in enumerate(mind.endpoint.headers)}
    provider = _provider(mind, headers)
    _write(home / "models.json", json.dumps({"models": [_catalogue(mind, commands=commands)]}))
    _write(home / "config.toml", f"model_providers.{PROFILE} = {toml(provider)}\n")
    settings = {**_limits(program, place), **_thinking(mind, home)}
    kept = {*_CARRIED, *_TO_THE_MODEL}
    inside = {name: value for name, value in environment.items() if name in kept}
    inside |= {"HOME": str(home), "CODEX_HOME": str(home), **_key(mind, _KEY, mind.endpoint.key)}
    # What it writes to its log is not why it ends.
    inside["RUST_LOG"] = "off"
    # It runs git where it works, to tell the model's server where the repository comes from.
    inside["GIT_DIR"] = os.devnull
    inside |= dict(zip(headers, mind.endpoint.headers.values(), strict=True))
    if os.name == "nt":
        inside["USERPROFILE"] = str(home)
    pairs = (("-c", f"{name}={toml(value)}") for name, value in settings.items())
    return Walls(tuple(part for pair in pairs for part in pair), inside)


def toml(value: Any) -> str:
    """Spell a value in one line of TOML."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_text(name)} = {toml(it)}" for name, it in value.items())
        return f"{{{inner}}}"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def _text(text: str) -> str:
    # JSON's strings are TOML's, but for surrogates and one control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _limits(program: Program, place: Place) -> dict[str, Any]:
    """Return what it may not do."""
    return {
        "approval_policy": "on-request",
        "approvals_reviewer": "user",
        "default_permissions": PROFILE,
        f"permissions.{PROFILE}": {
            "filesystem": {
                ":minimal": "read",
                ":workspace_roots": {".": "write"},
                str(program.folder): "read",
            },
            "network": {"enabled": False},
        },
        "projects": {str(place.worktree): {"trust_level": "untrusted"}},
        "project_doc_max_bytes": 0,
        "web_search": "disabled",
        "tools.update_plan.enabled": True,
        "tools.experimental_request_user_input.enabled": False,
        "skills.include_instructions": False,
        "skills.bundled.enabled": False,
        "include_permissions_instructions": False,
        # Paths are told relative to the repository: where that lies is nobody's business.
        "include_environment_context": False,
        "analytics.enabled": False,
        "feedback.enabled": False,
        "check_for_update_on_startup": False,
        "history.persistence": "none",
        **{f"features.{name}": False for name in _OFF},
    }


def _thinking(mind: Mind, home: Path) -> dict[str, Any]:
    """Return what it thinks with."""
    window = max(mind.window, 1)
    effort = {"model_reasoning_effort": mind.effort} if mind.effort else {}
    tier = {"service_tier": mind.service_tier} if mind.service_tier else {}
    return {
        "model": mind.model,
        "model_provider": PROFILE,
        "model_catalog_json": str(home / "models.json"),
        "model_context_window": window,
        "model_auto_compact_token_limit": min(
            mind.compact_at, LARGEST_COMPACT_AT * window // WINDOW
        ),
        **effort,
        **tier,
    }


def _provider(mind: Mind, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return where the model is; what opens the door stands in the environment."""
    address = urlsplit(mind.endpoint.address("http", ""))
    return {
        "name": PROFILE,
        "base_url": f"{address.scheme}://{address.netloc}{address.path}",
        **_key(mind, "env_key", _KEY),
        "env_http_headers": {name: variable for variable, name in headers.items()},
        "query_params": dict(parse_qsl(address.query)),
        "wire_api": "responses",
        "supports_websockets": mind.websockets,
    }


def _key(mind: Mind, name: str, value: str) -> dict[str, str]:
    """Return an entry that is only made where there is a key; an empty one Codex refuses."""
    return {name: value} if mind.endpoint.key else {}


def _catalogue(mind: Mind, *, commands: bool) -> dict[str, Any]:
    """Return what Codex is to believe of the model.

    Its own catalogue has the newest models write programs that call tools, and brings agents of
    agents, whatever the configuration says. Of one that is not in it Codex believes that it cannot
    patch.
    """
    efforts = {"none", "minimal", "low", "medium", "high", "xhigh", "max"} | {mind.effort or "low"}
    tiers = [mind.service_tier] if mind.service_tier else []
    return {
        "slug": mind.model,
        "display_name": mind.model,
        "description": "",
        "base_instructions": tools.INSTRUCTIONS + (tools.RUNNING if commands else ""),
        "model_messages": None,
        "shell_type": "disabled",
        "apply_patch_tool_type": "freeform",
        "use_responses_lite": mind.interruptible,
        "default_reasoning_level": mind.effort or None,
        "supported_reasoning_levels": [
            {"effort": effort, "description": ""} for effort in sorted(efforts)
        ],
        "supports_reasoning_summaries": False,
        "default_reasoning_summary": "none",
        "service_tiers": [{"id": tier, "name": tier, "description": ""} for tier in tiers],
        "additional_speed_tiers": [],
        "support_verbosity": False,
        "default_verbosity": None,
        "supports_parallel_tool_calls": True,
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "context_window": mind.window,
        "max_context_window": mind.window,
        "effective_context_window_percent": 95,
        "input_modalities": ["text"],
        "supports_image_detail_original": False,
        "supports_search_tool": False,
        "experimental_supported_tools": [],
        "visibility": "list",
        "supported_in_api": True,
        "priority": 1,
        "availability_nux": None,
        "upgrade": None,
    }


def _write(path: Path, text: str) -> None:
    """Write a file that is nobody else's business."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
