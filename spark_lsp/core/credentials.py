"""Secrets with a form of their own: tokens of providers, JSON Web Tokens, private keys.

Each is found from an *anchor*, something literal that a search in C finds, and judged by what
stands around it, no further away than a *reach*; each anchor for itself, whatever the others are.
Nothing here matches `*`, which is what a secret is masked with, and four of them are no boundary.
"""

import re
from collections.abc import Iterator

Found = tuple[int, int, str]
"""Where a secret starts and ends, in code points, and the name of its rule."""

NEAR = 512
"""Characters behind an anchor that a token may take; in front of it stand at most 32."""

JWT_REACH = 8192
KEY_REACH = 16384

_ALNUM, _URL64, _HEX = "[A-Za-z0-9]", "[A-Za-z0-9_-]", "[0-9a-f]"
_SOME_DIGIT = r"(?=[A-Za-z_.-]{0,80}[0-9])"

_PREFIXED = (
    ("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", rf"{_ALNUM}{{30,255}}"),
    ("github-token", "github_pat_", r"[A-Za-z0-9_]{40,255}"),
    ("gitlab-token",
     "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- glsoat- glffct- gloas-",
     rf"{_URL64}{{20}}[A-Za-z0-9_.-]{{0,235}}"),
    ("slack-token", "xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-",
     r"(?=[A-Za-z%-]{0,20}[0-9])[A-Za-z0-9%-]{16,400}"),
    ("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_", rf"{_ALNUM}{{16,255}}"),
    ("stripe-key", "whsec_", r"[A-Za-z0-9+/]{24,255}={0,2}"),
    ("npm-token", "npm_", rf"{_ALNUM}{{36,64}}"),
    ("docker-token", "dckr_pat_ dckr_oat_", rf"{_URL64}{{27,64}}"),
    ("huggingface-token", "hf_ api_org_", rf"{_ALNUM}{{34,64}}"),
    ("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", rf"{_HEX}{{64}}"),
    ("shopify-token", "shpat_ shpca_ shppa_ shpss_", "[A-Fa-f0-9]{32}"),
    ("linear-key", "lin_api_ lin_oauth_", rf"{_ALNUM}{{32,64}}"),
    ("notion-token", "ntn_ secret_", rf"{_ALNUM}{{40,64}}"),
    ("sentry-token", "sntrys_ sntryu_", r"[A-Za-z0-9+/_]{60,500}={0,2}"),
    ("netlify-token", "nfp_ nfc_ nfo_", rf"{_ALNUM}{{36,64}}"),
    ("grafana-token", "glsa_ glc_", r"[A-Za-z0-9+/_]{36,400}={0,2}"),
    ("rubygems-key", "rubygems_", rf"{_HEX}{{48}}"),
    ("groq-key", "gsk_", rf"{_ALNUM}{{40,64}}"),
    ("replicate-token", "r8_", rf"{_ALNUM}{{37,40}}"),
    ("figma-token", "figd_ figo_", rf"{_URL64}{{40,64}}"),
    ("planetscale-token", "pscale_tkn_ pscale_pw_ pscale_oauth_",
     rf"{_URL64}{{20}}[A-Za-z0-9_.-]{{12,44}}"),
    ("sourcegraph-token", "sgp_", r"[A-Za-z0-9_]{40,80}"),
    ("supabase-token", "sbp_ sb_secret_", rf"{_URL64}{{31,64}}"),
    ("circleci-token", "CCIPAT_", r"[A-Za-z0-9_]{40,80}"),
    ("buildkite-token", "bkua_ bkct_", rf"{_HEX}{{40}}"),
    ("readme-key", "rdme_", "[a-z0-9]{70}"),
    ("clojars-token", "CLOJARS_", rf"{_HEX}{{60}}"),
    ("1password-token", "ops_", r"eyJ[A-Za-z0-9+/_-]{200,500}={0,2}"),
    ("pulumi-token", "pul-", rf"{_HEX}{{40}}"),
    ("tailscale-key", "tskey-", r"[a-z]{2,12}-[A-Za-z0-9-]{16,64}"),
    ("xai-key", "xai-", rf"{_ALNUM}{{60,100}}"),
    ("perplexity-key", "pplx-", rf"{_ALNUM}{{40,64}}"),
    ("brevo-key", "xkeysib-", rf"{_HEX}{{64}}-{_ALNUM}{{16}}"),
    ("hubspot-token", "pat-na1- pat-eu1-", r"[0-9a-f-]{36}"),
    ("contentful-token", "CFPAT-", rf"{_URL64}{{43}}"),
    ("google-oauth", "GOCSPX-", rf"{_URL64}{{24,40}}"),
    ("newrelic-key", "NRAK- NRII- NRAL-", rf"{_URL64}{{20,64}}"),
    ("postman-key", "PMAK-", r"[a-f0-9]{24}-[a-f0-9]{34}"),
    ("square-token", "sq0atp- sq0csp- sq0idp-", rf"{_URL64}{{22,50}}"),
    ("heroku-key", "HRKU-", rf"{_URL64}{{30,80}}"),
    ("mailgun-key", "key-", rf"{_HEX}{{32}}"),
    ("pypi-token", "pypi-", r"AgE[A-Za-z0-9_-]{48,509}"),
    ("cloudflare-key", "v1.0-", rf"{_HEX}{{24}}-{_HEX}{{140,160}}"),
    ("sk-key", "sk-", _SOME_DIGIT + rf"(?=[a-z0-9_-]{{0,60}}[A-Z]|(?:[a-z0-9]{{2,8}}-){{0,3}}"
     rf"[a-z0-9]{{30}}){_URL64}{{20,255}}"),
)  # fmt: skip
"""Rule, its prefixes, and the body. Prefixes end in one of two characters: see `_SEPARATED`."""

_BODIES = {
    prefix: (rule, re.compile(body))
    for rule, prefixes, body in _PREFIXED
    for prefix in prefixes.split()
}

_SEPARATED = [
    (re.compile(pattern), tuple(prefix for prefix in _BODIES if prefix[-1] == end))
    for end, pattern in (
        ("_", r"_(?=[A-Za-z0-9_+/-]{16})"),
        ("-", rf"-(?!---)(?={_URL64}{{16}})"),
    )
]
_LONGEST_PREFIX = max(map(len, _BODIES))


_FREE = r"(?<![A-Za-z0-9])(?<!\*\*\*\*)"
"""Not inside of a word, and not behind a mask, which may have hidden one."""

_free = re.compile(_FREE).match

_FORMED = tuple(
    re.compile(pattern, re.VERBOSE)
    for pattern in (
        r"""A(?=(?P<aws_access_key>[KS]IA[A-Z0-9]{16})
            |(?P<google_api_key>Iza[A-Za-z0-9_-]{35})
            |(?P<age_key>GE-SECRET-KEY-1[0-9A-Z]{58})
            |(?P<atlassian_token>T(?:ATT3|CTT3|BB)[A-Za-z0-9_=-]{28,255})
            |(?<=:A)(?P<telegram_token>A[A-Za-z0-9_-]{33})
            |(?<=LTA)(?P<alibaba_key>I[A-Za-z0-9]{12,26})
            |(?<=EA)(?P<meta_token>A[A-Za-z0-9_-]{57,255}))""",
        r"""S(?=(?P<sendgrid_key>G\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64})
            |(?P<twilio_key>K[0-9a-f]{32}))""",
        r"""p(?=(?<=dp)(?P<doppler_token>\.(?:pt|st|ct|sa|scim|audit)\.
                (?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44})
            |(?<=dap)(?P<databricks_token>i[0-9a-f]{32}(?:-[0-9])?))""",
        r"""v(?=(?<=hv)(?P<vault_token>[sbr]\.(?=[A-Za-z_-]{0,80}[0-9])[A-Za-z0-9_-]{24,300})
            |(?<=\.atlasv)(?P<terraform_token>1\.[A-Za-z0-9_-]{60,80}))""",
        r"9(?=(?<=ya29)(?P<google_token>\.(?=[A-Za-z_-]{0,80}[0-9])[A-Za-z0-9_-]{24,512}))",
        r"0(?=(?<=dt0)(?P<dynatrace_token>c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}))",
        r"g(?=(?<=[?&;]sig)(?P<azure_signature>=[A-Za-z0-9%+/]{40,100}=?))",
        r"\.(?=(?P<discord_token>[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,40}))",
    )
)
"""Anchors, each a rare character, with what follows. The group is named like the rule."""

_BEFORE = {
    rule: re.compile(before + r"\Z")
    for rule, before in {
        "telegram_token": r"[0-9]{8,10}:",
        "alibaba_key": _FREE + "LT",
        "meta_token": r"(?<![A-Za-z0-9+/=])(?<!\*\*\*\*)E",
        "doppler_token": "d",
        "databricks_token": "da",
        "vault_token": "h",
        "terraform_token": r"[A-Za-z0-9]{14}\.atlas",
        "google_token": "ya2",
        "dynatrace_token": "dt",
        "azure_signature": "si",
        "discord_token": r"[MNO][A-Za-z0-9_-]{23,27}",
    }.items()
}
"""What of a token stands before its anchor."""


def tokens(text: str) -> Iterator[Found]:
    """Find the tokens that providers mark as theirs."""
    yield from _prefixed(text)
    yield from _formed(text)


def _prefixed(text: str) -> Iterator[Found]:
    for separator, prefixes in _SEPARATED:
        for match in separator.finditer(text):
            till = match.end()
            at = max(0, till - _LONGEST_PREFIX)
            if not text.endswith(prefixes, at, till):
                continue
            for prefix in prefixes:
                if not text.endswith(prefix, at, till):
                    continue
                rule, body = _BODIES[prefix]
                start = till - len(prefix)
                found = body.match(text, till)
                if found and (prefix != "sk-" or _free(text, start)):
                    yield (start, found.end(), rule)


def _formed(text: str) -> Iterator[Found]:
    for pattern in _FORMED:
        for match in pattern.finditer(text):
            rule, start = match.lastgroup or "", match.start()
            if before := _BEFORE.get(rule):
                low = max(0, start - 32)
                found = before.search(text[low:start])
                if not found:
                    continue
                start = low + found.start()
            yield start, match.end(rule), rule.replace("_", "-")


_JWT_HEAD = re.compile(r"J(?<=eyJ)(?<![A-Za-z0-9_-]eyJ)(?<!\*\*\*\*eyJ)(?=[A-Za-z0-9_-]{8})")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){0,3}")


def web_tokens(text: str, low: int, high: int) -> Iterator[Found]:
    """Find JSON Web Tokens that may have a part in a range.

    A token is a word, so that none begins inside of another.
    """
    for head in _JWT_HEAD.finditer(text, max(0, low - JWT_REACH), min(len(text), high + 16)):
        at = head.start() - 2
        if found := _JWT.match(text, at, at + JWT_REACH):
            yield (at, found.end(), "jwt")


_PEM_HEAD = re.compile(r"-----BEGIN (?=([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-----?))")
_PUTTY_HEAD = re.compile(r"Private-Lines:(?=( ?[0-9]{1,4}))")
_RUN = re.compile(r"[A-Za-z0-9+/=]{24,}")
_GLUE = re.compile(r"(?:\s|\\[nr]|[\"'`+#|,;])+")
_LEAD = r"[ \t>#|\"'`;.]{0,60}+(?:\*[ \t])?(?://[ ]?)?(?:\+[ ]?)?(?:[bru]?[\"'`])?"
_TRAIL = (
    r"(?:(?:\\[nr]){1,3}[ \t\"'`+,;.)]{0,20}(?:\\(?=[\r\n]))?(?:\r\n|\r|\n)?"
    r"|[ \t\"'`+,;.)]{0,20}(?:\r\n|\r|\n|\Z))"
)
_KEY_LINE = re.compile(rf"{_LEAD}([A-Za-z0-9+/]{{20,}}={{0,2}}){_TRAIL}")
_KEY_HEADER = re.compile(rf"{_LEAD}(?:[A-Z][A-Za-z-]{{2,30}}: ?[^\r\n\\\"'`]{{1,200}})?{_TRAIL}")
_KEY_TAIL = re.compile(rf"{_LEAD}(=?[A-Za-z0-9+/]+={{0,2}}){_TRAIL}")


def private_keys(text: str, low: int, high: int) -> Iterator[Found]:
    """Find keys in PEM and PuTTY's format that may have a part in a range; not their marks."""
    low, high = max(0, low - KEY_REACH), min(len(text), high)
    for head in _PEM_HEAD.finditer(text, low, high + 128):
        at = head.end(1)
        end = text.find("----", at, at + KEY_REACH)
        closed = end >= 0 and text[end : end + 10].lstrip("- ").startswith("END")
        found = _whole_key(text, at, end) if closed else None
        found = found or _key_lines(text, at, end if end >= 0 else at + KEY_REACH)
        if found:
            yield found
    for head in _PUTTY_HEAD.finditer(text, low, high + 128):
        if found := _key_lines(text, head.end(1), head.end(1) + KEY_REACH):
            yield found


def _whole_key(text: str, at: int, end: int) -> Found | None:
    """Return what stands between the two lines of dashes, if most of it is a key."""
    body = text[at:end]
    runs = [(run.start(), run.end()) for run in _RUN.finditer(body)]
    if not runs or 2 * sum(till - start for start, till in runs) < len(_GLUE.sub("", body)):
        return None
    till = len(body)
    for glue in _GLUE.finditer(body):
        till = glue.start() if glue.end() == len(body) else till
    return at + runs[0][0], at + till, "private-key"


def _key_lines(text: str, at: int, end: int) -> Found | None:
    """Return the lines of a key that nothing ends, as far as they look like one."""
    start, till = -1, -1
    while at < end:
        found = _KEY_LINE.match(text, at, end)
        if found:
            start, till = found.start(1) if start < 0 else start, found.end(1)
        elif start >= 0 or not (found := _KEY_HEADER.match(text, at, end)) or found.end() == at:
            break
        at = found.end()
    if start < 0:
        return None
    tail = _KEY_TAIL.match(text, at, end)
    return start, tail.end(1) if tail else till, "private-key"
