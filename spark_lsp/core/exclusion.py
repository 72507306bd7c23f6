"""Which files are never read into an index, a prompt or a model.

Owns the rules that need only a path, a size or a look at the content: secrets by file name,
vendored and generated files, binaries, data, size. Ignore files are read by `server.walk`;
`core.secrets` masks what is secret inside of the files that are read.
"""

import re
from collections.abc import Iterable
from fnmatch import translate

SIZE_LIMIT = 1_000_000
"""Bytes above which a file is left out: nobody wrote it by hand."""

_SECRET, _VENDORED, _GENERATED = "secret by name", "vendored", "generated"

_DIRECTORIES = dict.fromkeys(
    (
        "node_modules", "bower_components", "jspm_packages", "vendor", "third_party",
        ".venv", "venv", "site-packages", ".eggs",
    ),
    _VENDORED,
) | dict.fromkeys(
    (
        ".git", ".hg", ".svn", ".jj", "__pycache__", ".tox", ".nox",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
        "dist", "build", "target", "out", ".next", ".nuxt", ".svelte-kit", ".parcel-cache",
        ".turbo", ".gradle", ".dart_tool", ".terraform", ".idea", ".cache",
    ),
    _GENERATED,
) | dict.fromkeys((".ssh", ".gnupg", ".password-store"), _SECRET)  # fmt: skip
"""Names of directories, and why what is in them is left out."""

_SECRETS = (
    # Templates of such files too: what is a template, and what was one, no name tells.
    ".env", ".env.*", "*.env", ".envrc", ".dev.vars",
    "*.pem", "*.key", "*.p8", "*.p12", "*.pkcs12", "*.pfx", "*.jks", "*.jceks", "*.bks",
    "*.keystore", "*.keytab", "*.kdb", "*.kdbx", "*.agekey", "*.asc", "*.gpg", "*.ppk", "*.ovpn",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "secring.*", "wallet.dat",
    "*.mobileprovision",
    ".netrc", "_netrc", ".npmrc", ".pypirc", ".dockercfg", ".dockerconfigjson", ".git-credentials",
    ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".htpasswd", ".htdigest", "htpasswd",
    ".s3cfg", ".boto", ".msmtprc", ".esmtprc", ".fetchmailrc", ".ftpconfig", "sitemanager.xml",
    ".vault-token", ".vault_pass*", "vault_pass*", ".terraformrc", "terraform.rc",
    "*.tfvars", "*.tfvars.json", "*.tfstate", "*.tfstate.*", "kubeconfig", "*.kubeconfig",
    "local.settings.json", "auth.json", "client_secret*.json", "*firebase-adminsdk*.json",
    "application_default_credentials.json", "*gcloud*.json", "*service-account*.json",
    "*service_account*.json", "credentials", "secrets", ".secrets", "*.secret", "*.secrets",
    ".*_history",
    # Data files only: sources of such names are code.
    *(f"{stem}.{ending}" for stem in ("credentials", "secrets", "secret")
      for ending in ("csv", "ini", "json", "properties", "toml", "txt", "xml", "yaml", "yml")),
)  # fmt: skip

_SECRETS_BELOW = (
    ".aws/config", ".docker/config.json", ".kube/config", ".kube/*.yaml", ".kube/*.yml",
    ".vscode/sftp.json",
)  # fmt: skip
"""Names that say it together with their directory."""

_MACHINE_MADE = (
    "*.min.js", "*.min.mjs", "*.min.css", "*.min.html", "*.bundle.js", "*.chunk.js", "*.chunk.css",
    "*.map", "*.snap", "*.tsbuildinfo",
    "*.lock", "*.lockb", "*.lockfile", "package-lock.json", "npm-shrinkwrap.json",
    "packages.lock.json", "project.assets.json", "pnpm-lock.yaml", "package.resolved", "go.sum",
    "go.work.sum", "project.pbxproj",
    "*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi", "*.pb.go", "*.pb.gw.go", "*.pb.cc",
    "*.pb.h", "*.pb.swift", "*_pb.js", "*_pb.ts", "*_pb.d.ts", "*.g.dart", "*.freezed.dart",
    "*.gr.dart", "*.mocks.dart", "*.g.cs", "*.g.i.cs", "*.designer.cs", "*.designer.vb",
    "*.generated.*", "*_generated.*", "zz_generated*", "moc_*.cpp", "qrc_*.cpp", "lex.yy.c",
    "*.tab.c", "*.tab.h",
)  # fmt: skip

_BINARY_LOOK = 8192


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for all of them: each file of a walk is asked about."""
    return re.compile("|".join(map(translate, patterns)))


_is_secret = _any_of(_SECRETS).match
_is_secret_below = _any_of(_SECRETS_BELOW).match
_is_machine_made = _any_of(_MACHINE_MADE).match


def directory_excluded(name: str) -> bool:
    """Whether a directory of this name is never entered."""
    return name in _DIRECTORIES


def excluded_by_name(path: str) -> str | None:
    """Return why a file of this path is left out, or None if its name does not forbid it."""
    *parents, name = path.split("/")
    for parent in parents:
        if reason := _DIRECTORIES.get(parent):
            return reason
    lowered = name.lower()
    if _is_secret(lowered) or (parents and _is_secret_below(f"{parents[-1]}/{name}".lower())):
        return _SECRET
    if _is_machine_made(lowered):
        return _GENERATED
    return None


_HEAD = 2048
"""Characters at the beginning among which a generator signs."""

_COMMENT = r"^[^\w\r\n]{0,20}(?:\b(?:rem|dnl)\b)?(?<=[/#*;%!{(\-\"'.lm])[^\r\n]{0,200}?"
_SIGNED = re.compile(
    rf"{_COMMENT}(?:(?<![\w@.])@generated\b(?!\.)|<auto-?generated"
    r"|\bcode generated\b[^\r\n]*do not (?:edit|modify)"
    r"|\bauto(?:matically)?[- ]?generated (?:by|from|with|on|using)\b"
    r"|\bfile (?:is|was|has been) auto(?:matically)?[- ]?generated\b"
    r"|\bfile (?:is|has been) generated\b"
    r"|\b(?:auto-?)?generated (?:by|from|with|file|code)\b[^\r\n]*\bdo not (?:edit|modify|change)"
    r"|\bdo not (?:edit|modify)\b[^\r\n]*\bgenerated\b)",
    re.IGNORECASE | re.MULTILINE,
)
_DUMP = re.compile(
    r"-- (?:MySQL|MariaDB|PostgreSQL database|phpMyAdmin SQL) dump|PRAGMA foreign_keys=OFF;",
    re.IGNORECASE,
)

_PROSE = ("md", "mdx", "markdown", "rst", "txt", "adoc", "asciidoc", "tex", "org", "")
_DATA = (
    "json", "jsonl", "ndjson", "json5", "geojson", "topojson", "csv", "tsv", "xml", "svg", "sql",
    "yaml", "yml", "ipynb", "dat", "data", "log", "po", "plist", "b64", "hex",
)  # fmt: skip

_STRETCH = 1000
"""Characters without a line end that nobody writes."""

_ENOUGH = 20_000
"""Characters above which a list of values is a table rather than code."""

_BIG = 200_000
"""Characters of data above which a model learns nothing more about its form."""


_TRANSLATIONS = frozenset({"arb", "po", "pot", "resx", "strings", "xlf", "xliff"})
"""Suffixes of files that hold the words of a program in other languages, again and again."""


def excluded_by_content(path: str, text: str) -> str | None:
    """Return why a file that may be read by name is left out for what it holds, or None."""
    head = text[:_HEAD]
    if "generated" in head.lower() and _SIGNED.search(head):
        return _GENERATED
    stem, _, suffix = path.rpartition("/")[2].lower().rpartition(".")
    if not stem or suffix in _PROSE:
        return None
    data = suffix in _DATA
    if len(text) >= 2 * _STRETCH and _unbroken(text):
        return "data" if data else "minified"
    big = data and len(text) > _BIG
    if big or suffix in _TRANSLATIONS or (suffix == "sql" and _DUMP.search(head)):
        return "data"
    # One comma per few characters: a picture, a font, a table of numbers.
    if len(text) > _ENOUGH and 8 * text.count(",") > len(text):
        return "data"
    return None


def _unbroken(text: str) -> bool:
    """Whether at least half of the text goes on without line ends."""
    end = "\n" if "\n" in text else "\r"
    starts = range(0, len(text) - _STRETCH + 1, _STRETCH)
    long = sum(text.find(end, start, start + _STRETCH) < 0 for start in starts)
    return 2 * long >= len(starts)


def is_binary(content: bytes) -> bool:
    """Whether the content is not text, by git's rule: a NUL byte near its beginning."""
    return b"\0" in content[:_BINARY_LOOK]
