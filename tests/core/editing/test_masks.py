"""Secrets that a model is not shown come back where it writes their stars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core import secrets
from spark_lsp.core.editing.masks import Masks

LONG = "Zr7LmX2q9aK3"
REGION = f'user = "joe"\npassword = "{LONG}"\nother = 1  # {"*" * 12}\n'
SHOWN = secrets.redact(REGION)


def restored(masks: Masks, text: str) -> str:
    return "\n".join(masks.restored(line) for line in text.split("\n"))


def test_a_region_that_comes_back_as_it_was_shown_is_as_it_was() -> None:
    masks = Masks(SHOWN, REGION)

    assert LONG not in SHOWN
    assert REGION == restored(masks, SHOWN)
    assert not masks.lost


def test_a_secret_is_known_by_what_stands_before_it() -> None:
    masks = Masks(SHOWN, REGION)

    assert f'    password = "{LONG}",' == masks.restored(f'    password = "{"*" * 12}",')
    assert not masks.lost


def test_stars_that_the_person_wrote_stay_stars() -> None:
    masks = Masks(SHOWN, REGION)
    frame = "other = 2  # " + "*" * 12
    other = REGION.split("\n")[2]

    assert other == masks.restored(other)
    assert frame == masks.restored(frame)


def test_a_secret_that_is_the_only_one_of_its_length_is_known_by_that() -> None:
    region = f'password = "{LONG}"\n'
    masks = Masks(secrets.redact(region), region)

    assert f'login("{LONG}")' == masks.restored(f'login("{"*" * 12}")')
    assert not masks.lost


def test_stars_that_may_stand_for_one_or_another_are_lost() -> None:
    region = f'password = "{LONG}"\ndb_password = "{LONG[::-1]}"\n'
    masks = Masks(secrets.redact(region), region)
    masks.restored(f'login("{"*" * 12}")')

    assert masks.lost


def test_secrets_that_look_the_same_come_back_in_their_order() -> None:
    region = f'password = "{LONG}"\npassword = "{LONG[::-1]}"\n'
    masks = Masks(secrets.redact(region), region)

    assert region == restored(masks, secrets.redact(region))


@pytest.mark.parametrize("stars", ["*" * 5, "*" * 40])
def test_stars_in_a_number_that_nobody_wrote_lose_the_secret(stars: str) -> None:
    masks = Masks(SHOWN, REGION)
    masks.restored(f'password = "{stars}"')

    assert masks.lost


def test_a_secret_that_is_gone_with_its_line_is_deleted_and_not_lost() -> None:
    masks = Masks(SHOWN, REGION)
    masks.restored("def power(*args, **options): return args[0] ** 2")

    assert not masks.lost


def test_where_nothing_was_hidden_stars_are_stars() -> None:
    masks = Masks("a = 1  # ****", "a = 1  # ****")

    assert "b  # ******" == masks.restored("b  # ******")
    assert not masks.lost


KEY = "\n".join(
    ["-----BEGIN RSA PRIVATE KEY-----"]
    + [f"MIIEpAIBAAKCAQEA{number:02}x7Rk2mQ9vB4nT8sW1yZ5cF6hJ3lP0dG" for number in range(6)]
    + ["-----END RSA PRIVATE KEY-----"]
)


@given(st.permutations([f'password = "{LONG}"', 'name = "x"', f"token = '{'a1b2' * 10}'", KEY]))
def test_any_region_that_comes_back_as_it_was_shown_is_as_it_was(pieces: list[str]) -> None:
    region = "\n".join(pieces)
    masks = Masks(secrets.redact(region), region)

    assert region == restored(masks, secrets.redact(region))
    assert not masks.lost
