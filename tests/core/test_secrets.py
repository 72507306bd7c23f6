"""What is masked: by example, and for any text that masking is safe, local and done once."""

import hashlib
import re
import string
from itertools import count, pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_lsp.core import credentials
from spark_lsp.core.secrets import Secret, find, redact, redacted
from tests.fixture import Fixture, fixtures

FIXTURES = fixtures("secrets")

ALPHABETS = {
    "": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "hex": "0123456789abcdef",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "lower": "abcdefghijklmnopqrstuvwxyz0123456789",
    "digits": "0123456789",
}
_HOLE = re.compile(r"\{\{(\d+)(?: (\w+))?\}\}")


def expanded(text: str) -> str:
    """Fill `{{36}}`, `{{36 hex}}` and so on with as many characters, always the same.

    No file then holds what someone else's scanner takes for a secret.
    """
    numbers = count()

    def body(hole: re.Match[str]) -> str:
        size, alphabet = int(hole[1]), ALPHABETS[hole[2] or ""]
        digest = hashlib.shake_256(f"{next(numbers)}".encode()).digest(size)
        return "".join(alphabet[byte % len(alphabet)] for byte in digest)

    return _HOLE.sub(body, text)


def line_ends(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match[0]) for match in re.finditer(r"[\r\n]", text)]


@pytest.mark.parametrize("path", FIXTURES)
def test_a_file_is_masked_as_its_fixture_tells(path: Path, *, update: bool) -> None:
    fixture = Fixture.read(path)
    fixture.expect("@masked", redact(expanded(fixture.source[1])), update=update)


def test_a_secret_has_a_place_and_the_name_of_its_rule() -> None:
    text = expanded('a = "ghp_{{36}}"\npassword = "hunter2!"\n')

    assert [Secret(5, 45, "github-token"), Secret(59, 67, "password")] == find(text)


def test_secrets_that_overlap_are_one() -> None:
    text = expanded('password = "x-ghp_{{36}}!"')

    assert [Secret(12, 55, "password")] == find(text)


def test_a_header_with_strange_letters_is_read() -> None:
    """Some letters become ASCII when they are lowered, and are none before."""
    assert redact("Authorization: Basic \u212aaaaaaaaaaa")


# --- Every form ----------------------------------------------------------------------------------

FORMS = [
    (rule, prefix, body)
    for rule, prefixes, body in credentials._PREFIXED
    for prefix in prefixes.split()
]
SAMPLES = {
    "slack-token": "{{12 digits}}-{{24}}",
    "sk-key": "{{48}}",
    "aws-access-key": "AKIA{{16 upper}}",
    "google-api-key": "AIza{{35}}",
    "age-key": "AGE-SECRET-KEY-1{{58 upper}}",
    "atlassian-token": "ATATT3{{180}}",
    "telegram-token": "123456789:AA{{33}}",
    "alibaba-key": "LTAI{{20}}",
    "meta-token": "EAA{{90}}",
    "sendgrid-key": "SG.{{22}}.{{43}}",
    "twilio-key": "SK{{32 hex}}",
    "doppler-token": "dp.pt.{{43}}",
    "databricks-token": "dapi{{32 hex}}",
    "vault-token": "hvs.{{90}}",
    "terraform-token": "{{14}}.atlasv1.{{67}}",
    "google-token": "ya29.{{60}}",
    "dynatrace-token": "dt0c01.{{24 upper}}.{{64 upper}}",
    "azure-signature": "sig={{43}}",
    "discord-token": "M{{24}}.{{6}}.{{38}}",
    "jwt": "eyJ{{30}}.eyJ{{80}}.{{43}}",
}
"""Of forms whose expressions look ahead, and of those that no prefix begins."""

WITHIN = ("slack-token", "sk-key", "azure-signature")

CODE = [
    "def f(x):\n    return x\n",
    "\t// note\r\n",
    "λ = ß\n",
    "\ud83d",
    "\0",
    "a = 1\r",
    "",
    "\u0130",
]
around = st.lists(st.sampled_from(CODE), max_size=4).map("".join)


def planted(before: str, secret: str, after: str) -> None:
    """Check that nothing of a secret is left, and everything else is."""
    for left, right in ('""', "''", "  ", ("(", ")"), (">", "<"), ("?", "&")):
        text = before + left + secret + right + after
        masked = redact(text)
        pieces = {secret[at : at + 6] for at in range(len(secret) - 5)}

        assert before + left + "*" * len(secret) + right + after == masked
        assert not any(piece in masked for piece in pieces)


_SET = re.compile(r"(\[[^\]]+\]|=)\{(\d+)(?:,\d+)?\}")


def body_of(expression: str, seed: int) -> str:
    """Return what an expression of sets and counts matches."""
    random = Random(seed)

    def drawn(part: re.Match[str]) -> str:
        allowed = [char for char in string.printable if re.fullmatch(part[1], char)]
        return "".join(random.choices(allowed, k=int(part[2])))

    return _SET.sub(drawn, expression)


@pytest.mark.parametrize(
    ("rule", "prefix", "body"), [pytest.param(*it, id=it[1].strip("_-.")) for it in FORMS]
)
@settings(max_examples=10)
@given(seed=st.integers(), before=around, after=around)
def test_each_token_with_a_prefix_is_masked_whole(
    rule: str, prefix: str, body: str, *, seed: int, before: str, after: str
) -> None:
    sample = SAMPLES.get(rule)
    planted(before, prefix + (expanded(sample) if sample else body_of(body, seed)), after)


@pytest.mark.parametrize("rule", [it for it in SAMPLES if it not in WITHIN])
@given(around, around)
def test_each_token_of_another_form_is_masked_whole(rule: str, before: str, after: str) -> None:
    planted(before, expanded(SAMPLES[rule]), after)


def test_each_form_is_among_those() -> None:
    formed = {rule.replace("_", "-") for it in credentials._FORMED for rule in it.groupindex}

    assert formed <= SAMPLES.keys()


# --- Any text ------------------------------------------------------------------------------------

BODY = expanded("{{40}}")
PIECES = [
    "ghp_" + BODY, "AKIA" + "ABCDEFGHIJ234567", "sk-" + BODY, "sk-", "eyJ" + BODY,
    "." + BODY, "eyJ", "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----",
    "Private-Lines: 3\n",
    (BODY + "\n") * 3, BODY + "\\n", BODY, BODY[:7], "A: b\n", "=", "==", "'", '"', '\\"', "`", ":",
    "password", "pass", "PWD", "secret", "token", "api_key", "key", " = ", ": ", "=> ", "hunter2!",
    "s3cr3tP4ss", "://", "bob:", "@", "curl -u ", "Authorization: ", "Bearer ", "Basic ", "/", ";",
    "****", "*", "***", " ", "\n", "\r\n", "\r", "\t", "\0", "\ud83d", "\u0130", "ß", "1", "x", "_",
    "-", ".", "&sig=", "LTAI", "EAA", "AA", "123456789:", "x" * 30,
]  # fmt: skip
wild = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=14).map("".join)
far = st.lists(
    st.one_of(wild, st.sampled_from(["y" * 500, BODY * 20, (BODY + "\n") * 150, ". " * 400])),
    max_size=8,
).map("".join)


@settings(max_examples=500)
@given(wild)
def test_masking_keeps_length_and_line_ends_and_is_done_once(text: str) -> None:
    masked = redact(text)

    assert len(text) == len(masked)
    assert line_ends(text) == line_ends(masked)
    assert masked == redact(masked)
    assert all(new in {old, "*"} for old, new in zip(text, masked, strict=True))


@settings(max_examples=500)
@given(wild)
def test_what_is_found_is_what_is_masked(text: str) -> None:
    found = find(text)
    inside = {at for it in found for at in range(it.start, it.end)}

    assert all(0 <= it.start < it.end <= len(text) for it in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert redact(text) == "".join(
        "*" if at in inside and char not in "\r\n" else char for at, char in enumerate(text)
    )


@settings(max_examples=500)
@given(far, st.data())
def test_a_part_is_masked_as_in_the_whole(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 300)))

    assert redact(text)[start:end] == redacted(text, start, end)


@given(wild, st.integers(-50, 50), st.integers(-50, 50))
def test_a_part_is_named_like_a_slice(text: str, start: int, end: int) -> None:
    assert redact(text)[start:end] == redacted(text, start, end)


@pytest.mark.parametrize("size", [100, 1000, 8000])
def test_a_part_in_the_middle_of_a_long_key_is_masked(size: int) -> None:
    lines = expanded("{{64}}\n") * (size // 65)
    text = "x\n" * 5000 + "-----BEGIN PRIVATE KEY-----\n" + lines
    middle = len(text) - len(lines) // 2

    assert {"*", "\n"} >= set(redacted(text, middle, middle + 40))


@pytest.mark.parametrize(
    "unit",
    [
        "a", "sk-", "ghp_", "eyJ", "eyJaaaaaaaa.", "xoxb-", "-", "_", ".", "://", "://a:",
        "password", "password=", 'password="', "password\t", "secret_", "token ", "api_key",
        "curl -u ", "curl ", "authorization: ", "authorization:", "Bearer ",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----" + "A" * 64, "Private-Lines: 1\n" + "A" * 40, "\\", '"', "'",
        "\n", "\r", " ", "1", "A", "\u0130", "password='\\",
    ],
)  # fmt: skip
def test_one_line_of_a_hostile_file_takes_time_in_proportion(unit: str) -> None:
    """Anything worse than linear would take hours."""
    text = (unit * (200_000 // len(unit) + 1))[:200_000]

    assert len(text) == len(redact(text))


def test_a_file_of_five_megabytes_is_masked() -> None:
    text = "x" * 5_000_000 + expanded(" ghp_{{36}}")

    assert text[:-40] + "*" * 40 == redact(text)
