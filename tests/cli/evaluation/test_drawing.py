"""The picture: sound SVG that fetches nothing, whatever is drawn."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.cli.evaluation.drawing import drawn
from spark_lsp.cli.evaluation.scores import Bin, Point

SHARES = st.floats(0, 1)
SPACE = "{http://www.w3.org/2000/svg}"


def words(picture: str) -> str:
    return " ".join(ET.fromstring(picture).itertext())


@given(
    st.text(alphabet=st.characters(exclude_categories=["C"]), max_size=20),
    st.lists(st.builds(Bin, SHARES, SHARES, st.integers(1, 99)), max_size=10),
    st.lists(st.builds(Point, SHARES, SHARES, SHARES), max_size=500),
)
def test_anything_makes_a_picture_of_its_own(
    title: str, held: list[Bin], points: list[Point]
) -> None:
    picture = drawn(title, held, points)
    tree = ET.fromstring(picture)

    assert title in "".join(tree.itertext())
    assert len(held) == len(tree.findall(f"{SPACE}circle"))
    assert "href" not in picture
    assert "url(" not in picture


def test_plots_say_what_their_axes_are() -> None:
    told = words(drawn("A", [Bin(0.5, 0.5, 3)], [Point(0.5, 1.0, 0.5)]))

    for label in ("confidence of an answer", "share that is exact", "share of tasks", "100%"):
        assert label in told


def test_without_confidences_a_sentence_says_so() -> None:
    picture = drawn("A", [], [])

    assert "has not said how sure it was" in words(picture)
    assert "polyline" not in picture


def test_a_long_curve_keeps_its_ends() -> None:
    points = [Point(1 - at / 5000, at / 5000, 0.5) for at in range(5001)]
    lines = ET.fromstring(drawn("A", [Bin(0.5, 0.5, 1)], points)).findall(f"{SPACE}polyline")
    curve = lines[-1].attrib["points"].split()

    assert len(curve) < 300
    assert ("520.0,234.0", "820.0,234.0") == (curve[0], curve[-1])
