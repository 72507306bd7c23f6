import pytest

from spark_lsp.core.showing.indentation import Style, Translation

TABS = Style(tabs=True, sure=True)
TWO, FOUR = (Style(tabs=False, width=width, sure=True) for width in (2, 4))


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("a\n\tb\n\t\tc\n", TABS),
        ("a\n  b\n    c\nd\n  e\n", TWO),
        ("a\r\n    b\r\n        c\r\nd\r\n    e\r\n", FOUR),
        ("a\n    b\n", Style(tabs=False, width=4, sure=False)),
        ("a\nb\n", Style()),
        ("a\n\tb\n    c\n", Style()),  # who mixes has no style
        ("/*\n * a\n * b\n */\n\tx\n", TABS),
    ],
)
def test_a_file_has_a_style(text: str, style: Style) -> None:
    assert style == Style.of(text)


@pytest.mark.parametrize(
    ("style", "lines", "spelled"),
    [
        # What the model writes, and the columns of the line above if that opens a block.
        (TABS, [("    ", 0), ("        ", 4)], ["\t", "\t\t"]),
        (TABS, [("  ", 0), ("    ", 4), ("     ", None)], ["\t", "\t\t", "\t\t "]),
        (TABS, [("\t  ", 0)], ["\t  "]),
        (FOUR, [("\t", 0), ("\t\t", 4)], ["    ", " " * 8]),
        (FOUR, [("  ", 0), ("    ", 4)], ["    ", " " * 8]),
        (FOUR, [("      ", 4), ("    ", None)], [" " * 8, "    "]),  # from what it sees, by two
        (FOUR, [("    ", 4)], [" " * 8]),  # the whole file by two
        (FOUR, [("        ", 4), ("    ", None)], [" " * 8, "    "]),  # as the file does
        (FOUR, [("            ", 12)], [" " * 12]),  # no deeper, for reasons of its own
        (TWO, [("    ", 0), ("        ", 2), ("     ", None)], ["  ", "    ", "   "]),
        (Style(), [("\t", 0), ("  ", 4)], ["\t", "  "]),
    ],
)
def test_a_models_indentation_is_spelled_as_the_files(
    style: Style, lines: list[tuple[str, int | None]], spelled: list[str]
) -> None:
    translation = Translation(style)

    assert spelled == [
        translation.spelled(
            lead, already=0, above=above or 0, opened=above is not None, listed=False
        )
        for lead, above in lines
    ]


def test_what_is_aligned_in_parentheses_decides_nothing() -> None:
    translation = Translation(FOUR)

    assert " " * 6 == translation.spelled(" " * 6, already=0, above=4, opened=True, listed=True)
    assert " " * 8 == translation.spelled(" " * 8, already=0, above=4, opened=True, listed=False)
