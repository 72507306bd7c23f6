"""What records say of their fields, in a person's words."""

from typing import Annotated, Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from spark_lsp.core.fields import Field, fields, listed, sentence, suggestion


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=2, description="how many")] = 2


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(description="what it is called")]
    size: Annotated[Literal["small", "big"] | None, Meta(description="how big")] = "big"
    inner: Annotated[Inner, Meta(description="what is in it")] = msgspec.field(
        default_factory=Inner
    )
    more: Annotated[dict[str, Inner], Meta(description="what else is in it")] = {}
    words: Annotated[dict[str, str], Meta(description="what is said")] = {}
    list: Annotated[tuple[str, ...], Meta(description="what is listed")] = ()


def test_fields_are_told_in_their_order_with_all_that_is_said_of_them() -> None:
    expected = [
        Field("name", "what it is called", True, msgspec.NODEFAULT, "a text in quotes"),
        Field("size", "how big", False, "big", "small or big", ("small", "big")),
        Field("inner", "what is in it", False, Inner(), "a table, [inner]", record=Inner),
        Field(
            "more",
            "what else is in it",
            False,
            {},
            "one [more.NAME] for each",
            record=Inner,
            named=True,
        ),
        Field(
            "words",
            "what is said",
            False,
            {},
            'a table of texts, such as { name = "value" }',
        ),
        Field("list", "what is listed", False, (), "a list of texts in quotes"),
    ]

    assert expected == list(fields(Outer))
    assert ["a whole number of at least 2"] == [it.right for it in fields(Inner)]


def test_names_are_listed_as_people_list_them() -> None:
    assert ["", "a", "a or b", "a, b and c"] == [
        listed([]),
        listed(["a"]),
        listed(["a", "b"]),
        listed(["a", "b", "c"], "and"),
    ]


def test_only_what_is_near_is_suggested() -> None:
    assert ", do you mean model?" == suggestion("modle", ["model", "name"])
    assert not suggestion("quite different", ["model", "name"])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "size", "inner", "more", "words", "list", "count", "nmae"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_every_mistake_is_one_sentence_that_names_the_place_first(value: object) -> None:
    try:
        msgspec.convert(value, Outer)
    except msgspec.ValidationError as error:
        told = sentence(error, "mine", Outer)
        place, _, what = told.partition(": ")

        assert "mine" == place.partition(".")[0]
        assert what.startswith(("write ", "there is no such setting", "is missing"))
        assert not {"`", "$", "[...]"} & set(told)
