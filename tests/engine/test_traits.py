"""What is known of a token is looked up by its number."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.engine.traits import NOTHING_READ, Traits
from spark_lsp.engine.vocabulary import FIRST_WORD, Vocabulary

TEXTS = st.lists(st.text("ab1_ \n.('", max_size=20), max_size=5)


def read(vocabulary: Vocabulary, *texts: str) -> Traits:
    """The traits of all tokens once texts were read one after the other."""
    traits = NOTHING_READ
    for text in texts:
        vocabulary.raw(text)
        traits = traits.grown(vocabulary)
    return traits


def test_names_are_told_from_numbers_signs_and_newlines() -> None:
    """By the text, whatever stands before it."""
    vocabulary = Vocabulary()
    traits = read(vocabulary, "name 12 += _x")
    named = [traits.named[vocabulary.find(token)] for token in ("name", " 12", " +=", " _x")]

    assert named == [True, False, False, True]
    assert not traits.named[:FIRST_WORD].any()


def test_a_word_is_the_same_with_a_space_before_it_and_without() -> None:
    """Whichever was read first."""
    vocabulary = Vocabulary()
    traits = read(vocabulary, "name(", "x = name", "f(x)")
    bare, spaced = vocabulary.find("name"), vocabulary.find(" name")

    assert (traits.twin[bare], traits.twin[spaced]) == (spaced, bare)
    assert traits.word[bare] == traits.word[spaced] == min(bare, spaced)
    assert (traits.spaced[bare], traits.spaced[spaced]) == (False, True)


def test_brackets_and_quotes_know_what_they_pair_with() -> None:
    """Opening and closing differ by their sign; a quote is its own partner."""
    vocabulary = Vocabulary()
    traits = read(vocabulary, "f(['x'])")
    pair = {token: int(traits.pair[vocabulary.find(token)]) for token in "f([])'"}

    assert pair["f"] == 0
    assert (pair["("], pair["["]) == (-pair[")"], -pair["]"])
    assert pair["'"] > max(pair.values()) - 1


@given(TEXTS)
def test_traits_that_grew_are_those_of_all_read_at_once(texts: list[str]) -> None:
    """It does not matter when they were asked for."""
    one, other = Vocabulary(), Vocabulary()
    grown, whole = read(one, *texts), NOTHING_READ
    for text in texts:
        other.raw(text)
    whole = whole.grown(other)

    assert grown.size == whole.size == one.end
    for name in ("twin", "word", "named", "spaced", "pair", "role", "leads"):
        assert getattr(grown, name).tolist() == getattr(whole, name).tolist(), name


def test_traits_that_cover_everything_are_kept() -> None:
    """Nothing is built where nothing was read."""
    vocabulary = Vocabulary()
    traits = read(vocabulary, "a b c")

    assert traits.grown(vocabulary) is traits
