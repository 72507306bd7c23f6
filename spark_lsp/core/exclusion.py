"""Which files are never read into an index, a prompt or a model.

Owns the rules that need only a path, a size or a first look at the bytes: secrets by file name,
vendored and generated trees, binaries, size. Ignore files are read by `server.walk`.
"""

import re
from collections.abc import Iterable
from fnmatch import translate

SIZE_LIMIT = 1_000_000
"""Bytes above which a file is left out: nobody wrote it by hand."""

_DIRECTORIES = frozenset(
    {
        ".git", ".hg", ".svn", ".jj",
        "node_modules", "bower_components", "jspm_packages", "vendor", "third_party",
        ".venv", "venv", "site-packages", "__pycache__", ".tox", ".nox", ".eggs",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
        "dist", "build", "target", "out", ".next", ".nuxt", ".gradle", ".idea", ".cache",
    }
)  # fmt: skip

_SECRETS = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore",
    "*.kdbx", "*.asc", "*.gpg", "*.ppk", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
    ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd", ".git-credentials",
    "*.tfvars", "*.tfstate", "*.tfstate.*", "kubeconfig", "*service-account*.json",
    "*service_account*.json", "credentials",
    # Data files only: sources of such names are code.
    *(f"{stem}.{ending}" for stem in ("credentials", "secrets", "secret")
      for ending in ("csv", "ini", "json", "properties", "toml", "txt", "xml", "yaml", "yml")),
)  # fmt: skip

_GENERATED = (
    "*.min.js", "*.min.css", "*.map", "*.lock", "package-lock.json", "npm-shrinkwrap.json",
    "pnpm-lock.yaml", "go.sum", "*_pb2.py", "*_pb2_grpc.py", "*.pb.go", "*.g.dart",
)  # fmt: skip

_BINARY_LOOK = 8192


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for all of them: each file of a walk is asked about."""
    return re.compile("|".join(map(translate, patterns)))


_is_secret = _any_of(_SECRETS).match
_is_generated = _any_of(_GENERATED).match


def directory_excluded(name: str) -> bool:
    """Whether a directory of this name is never entered."""
    return name in _DIRECTORIES


def excluded_by_name(path: str) -> str | None:
    """Return why a file of this path is left out, or None if its name does not forbid it."""
    *parents, name = path.split("/")
    if any(parent in _DIRECTORIES for parent in parents):
        return "vendored or generated"
    lowered = name.lower()
    if _is_secret(lowered):
        return "secret by name"
    if _is_generated(lowered):
        return "vendored or generated"
    return None


def is_binary(content: bytes) -> bool:
    """Whether the content is not text, by git's rule: a NUL byte near its beginning."""
    return b"\0" in content[:_BINARY_LOOK]
