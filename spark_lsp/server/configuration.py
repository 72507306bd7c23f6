"""Where settings come from.

Owns the files, the environment and their order: `--config`, `$SPARK_LSP_CONFIG`, the user's
configuration directory, then what the editor says. What settings there are is told in
`core.settings`. A repository may only tighten them, by `.spark-lsp.toml` at its root: opening one
must not send anything anywhere.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from spark_lsp.core import settings
from spark_lsp.core.settings import Provider, Restrictions, Settings, SettingsError
from spark_lsp.server import walk
from spark_lsp.server.websocket import Endpoint, Unreachable


def load(path: Path | None, *layers: Mapping[str, Any]) -> Settings:
    """Return the settings of a configuration file and of the editor, the editor's last word first.

    The layers are what the editor has said, in order; see `settings.read`.

    Raises:
        SettingsError: with one sentence that names the file or the setting, and what to do.
    """
    return settings.read(_file(path), *layers)


def restrictions(root: Path) -> Restrictions:
    """Return what a repository says of itself; nothing if it says nothing.

    Raises:
        SettingsError: if it says something else, or what cannot be read.
    """
    content = walk.read_bytes(root, settings.RESTRICTIONS)
    return settings.restrictions((content or b"").decode("utf-8", "replace"))


def endpoint(provider: Provider) -> Endpoint:
    """Return where a provider listens, with the key from the environment variable it names.

    Raises:
        Unreachable: if that variable is not set.
    """
    # What a shell reads from a file often ends with a line end, which no header may have.
    key = os.environ.get(provider.env_key, "").strip() if provider.env_key else ""
    if provider.env_key and not key:
        raise Unreachable(f"the key is missing: set the environment variable {provider.env_key}")
    return Endpoint(
        provider.base_url,
        key,
        provider.http_headers,
        provider.query_params,
        provider.websocket_connect_timeout_ms / 1000,
    )


def _file(path: Path | None) -> dict[str, Any]:
    named = path or (Path(value) if (value := os.environ.get("SPARK_LSP_CONFIG")) else None)
    found = named or platformdirs.user_config_path("spark-lsp", appauthor=False) / "config.toml"
    try:
        return tomllib.loads(found.read_text("utf-8"))
    except FileNotFoundError:
        if named is None:
            return {}
        raise SettingsError(f"there is no configuration file {found}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{found} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{found} is not valid TOML: {error}") from None
