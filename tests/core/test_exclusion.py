"""What is never read, by its name or its first bytes."""

import pytest

from spark_lsp.core.exclusion import directory_excluded, excluded_by_name, is_binary

SECRET = "secret by name"
VENDORED = "vendored or generated"


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".env.local", ".env.production", "prod.env", ".envrc", "server.pem", "tls.key",
        "id_rsa", "id_rsa.pub", "id_ed25519", "id_ecdsa_old", ".netrc", "_netrc", ".npmrc",
        ".pypirc", ".pgpass", ".htpasswd", ".git-credentials", "store.jks", "app.keystore",
        "vault.kdbx", "cert.p12", "cert.pfx", "mail.gpg", "mail.asc", "key.ppk", "main.tfvars",
        "terraform.tfstate", "terraform.tfstate.backup", "kubeconfig", "credentials",
        "credentials.json", "secrets.yaml", "secret.toml", "my-service-account-1.json",
        "gcp_service_account.json",
    ],
)  # fmt: skip
def test_a_secret_is_known_by_its_name_anywhere_and_in_any_case(name: str) -> None:
    for path in (name, f"deep/er/{name}", name.upper(), f"src/{name.title()}"):
        assert SECRET == excluded_by_name(path)


@pytest.mark.parametrize(
    "name",
    [
        "environment.py", "env.py", "secrets.py", "credentials.go", "secret_store.rs", "keys.py",
        "monkey.py", "id.py", "netrc.py", "token.ts", "service_account.py", "main.tf", "Makefile",
        "lock.py", "map.c", "build.py", "target.rs", "distance.go", ".gitignore", "vendored.py",
        "message.min.py", "pb.go", "a b.py", "größe.py",
    ],
)  # fmt: skip
def test_sources_whose_names_only_resemble_are_read(name: str) -> None:
    assert excluded_by_name(name) is None
    assert excluded_by_name(f"src/{name}") is None


@pytest.mark.parametrize(
    "path",
    [
        "app.min.js", "style.min.css", "app.js.map", "Cargo.lock", "package-lock.json",
        "pnpm-lock.yaml", "go.sum", "service_pb2.py", "service_pb2_grpc.py", "service.pb.go",
        "node_modules/x/index.js", "web/node_modules/x/index.js", "vendor/a.go",
        "third_party/a.c", ".venv/lib/a.py", "target/debug/a.rs", "build/a.py", "dist/a.js",
        ".git/config", "__pycache__/a.py", "a/.mypy_cache/x.json",
    ],
)  # fmt: skip
def test_what_nobody_wrote_by_hand_is_left_out(path: str) -> None:
    assert VENDORED == excluded_by_name(path)


@pytest.mark.parametrize(
    "name", ["node_modules", ".git", "venv", "target", "dist", "site-packages"]
)
def test_a_vendored_directory_is_not_entered_and_its_files_are_excluded(name: str) -> None:
    assert directory_excluded(name)
    assert excluded_by_name(f"{name}/a.py")
    # A file of such a name is no directory.
    assert excluded_by_name(f"src/{name}") is None


@pytest.mark.parametrize("name", ["src", "tests", "lib", "vendors", "outer", ""])
def test_other_directories_are_entered(name: str) -> None:
    assert not directory_excluded(name)


@pytest.mark.parametrize(
    ("content", "binary"),
    [
        (b"", False),
        (b"text\n", False),
        (b"caf\xe9 in latin-1", False),
        (b"\xff\xfeU\0T\0F\0", True),
        (b"\x7fELF\0", True),
        (b"a" * 8191 + b"\0", True),
        (b"a" * 8192 + b"\0", False),
    ],
)
def test_a_nul_byte_near_the_beginning_makes_a_binary(content: bytes, *, binary: bool) -> None:
    assert binary == is_binary(content)
