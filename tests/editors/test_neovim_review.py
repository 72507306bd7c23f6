"""What a background task has done, as it is reviewed and taken over in Neovim."""

from pathlib import Path

import pytest

from tests.editors.desk import Desk, at_desk, screen, update
from tests.fixture import ROOT
from tests.peers.agent import needs_sandbox, patch
from tests.peers.parts import needs
from tests.peers.workshop import FILES

pytestmark = [needs("neovim"), needs("node"), needs_sandbox()]

PI = ("    return 3 * radius**2", "    return pi * radius**2")
METRE = ("METRE = 1", "METRE = 1.0")
EXACT = update("shapes.py", PI, ("NAME = 'disc'", "NAME = 'circle'"))
PICTURE = ROOT / "docs/review.svg"

TYPING = """
typed = 0
local timer = vim.uv.new_timer()
timer:start(0, 5, vim.schedule_wrap(function()
  if typed < 80 then
    typed = typed + 1
    vim.fn.appendbufline('shapes.py', '$', '# ' .. typed)
  else
    timer:stop()
  end
end))
"""


async def test_a_patch_over_three_files_is_reviewed_and_accepted(desk: Desk) -> None:
    await desk.does(
        "Be exact.",
        update("shapes.py", PI),
        update("lib/units.py", METRE),
        patch({"lib/new.py": "NEW = 1\n"}),
    )
    listed = await desk.review(3)
    assert [
        ["new.py", 1, "I", "[ ] new file. Exact circles."],
        ["units.py", 1, "I", "[ ] change. Lengths are real."],
        ["shapes.py", 2, "I", "[ ] change. Exact circles."],
    ] == listed
    await desk.editor.command("Spark accept all")
    await desk.sees("3 changes are made, nothing is left")

    assert FILES["shapes.py"].replace(*PI).splitlines() == await desk.lines("shapes.py")
    assert ["METRE = 1.0"] == await desk.lines("lib/units.py")
    assert ["NEW = 1"] == await desk.lines("lib/new.py")
    assert FILES["shapes.py"] == (desk.root / "shapes.py").read_text("utf-8"), "nothing is written"
    assert FILES["lib/units.py"] == (desk.root / "lib/units.py").read_text("utf-8")
    assert "" == (desk.root / "lib/new.py").read_text("utf-8")
    assert 1 == await desk.editor.lua("return #vim.api.nvim_list_tabpages()")
    await desk.editor.type("u")
    await desk.holds("vim.fn.getline(2) == '    return 3 * radius**2'")


async def test_a_conflict_with_what_was_typed_meanwhile_loses_nothing(desk: Desk) -> None:
    name = ("NAME = 'disc'", "NAME = 'circle'")
    await desk.does("Be exact.", update("shapes.py", PI, name), update("lib/units.py", METRE))
    await desk.editor.type("jA  # roughly<Esc>")
    listed = await desk.review(3)
    assert [
        ("shapes.py", 2, "W", True),
        ("units.py", 1, "I", False),
        ("shapes.py", 5, "I", False),
    ] == [(*it[:3], "you have changed this too" in it[3]) for it in listed]
    await desk.sees("the task has here:")
    await desk.sees("return pi * radius**2")
    await desk.accept("all")

    assert [
        "def area(radius):",
        "    return 3 * radius**2  # roughly",
        "",
        "",
        "NAME = 'circle'",
    ] == await desk.lines("shapes.py")
    assert ["METRE = 1.0"] == await desk.lines("lib/units.py")
    await desk.sees("2 changes are made, 1 left")
    await desk.editor.type("u")
    await desk.holds("vim.fn.getline(5) == \"NAME = 'disc'\"")
    assert "    return 3 * radius**2  # roughly" == (await desk.lines("shapes.py"))[1]


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("take", ["    return pi * radius**2"]),
        ("take both", ["    return 3.14 * radius**2", "    return pi * radius**2"]),
    ],
)
async def test_a_conflict_is_decided_by_the_person(
    desk: Desk, command: str, lines: list[str]
) -> None:
    await desk.does("Be exact.", update("shapes.py", PI))
    await desk.editor.command("%s/3 \\*/3.14 */")
    await desk.review(1)
    await desk.editor.command(f"Spark {command}")
    await desk.accept()

    assert ["def area(radius):", *lines, ""] == (await desk.lines("shapes.py"))[: 2 + len(lines)]


async def test_what_is_left_is_not_applied(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI), update("lib/units.py", METRE))
    await desk.review(2)
    await desk.editor.command("Spark leave")
    await desk.editor.sees(lambda grid: "[-] change" in screen(grid))
    await desk.editor.command("Spark take")
    await desk.accept()

    assert ["METRE = 1"] == await desk.lines("lib/units.py")
    assert PI[1] == (await desk.lines("shapes.py"))[1]


async def test_the_right_side_is_what_the_text_will_be(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI, ("NAME = 'disc'", "NAME = 'circle'")))
    await desk.review(2)
    right = "vim.api.nvim_buf_get_lines(vim.fn.bufnr('spark://review/shapes.py'), 0, -1, false)"
    await desk.holds(f"#{right} == 5")
    assert ["def area(radius):", PI[1], "", "", "NAME = 'circle'"] == await desk.editor.lua(
        f"return {right}"
    )
    await desk.editor.command("Spark leave")
    await desk.editor.command("Spark take")
    shown = await desk.editor.lua(f"return {right}")
    await desk.accept()

    assert ["def area(radius):", PI[0], "", "", "NAME = 'circle'"] == shown
    assert shown == await desk.lines("shapes.py")


async def test_what_is_typed_in_the_review_is_shown_anew_instead_of_written_over(
    desk: Desk,
) -> None:
    await desk.does("Be exact.", update("shapes.py", PI), update("lib/units.py", METRE))
    await desk.review(2)
    await desk.editor.lua("vim.fn.setbufline('shapes.py', 2, '    return 4')")
    await desk.editor.command("Spark accept all")
    await desk.sees("something else is proposed now: look again")
    before = await desk.lines("shapes.py"), await desk.lines("lib/units.py")
    await desk.accept()

    assert ("    return 4", ["METRE = 1"]) == (before[0][1], before[1])
    assert "    return 4" == (await desk.lines("shapes.py"))[1]
    assert ["METRE = 1.0"] == await desk.lines("lib/units.py")


async def test_the_list_leads_from_file_to_file_and_decides_in_its_lines(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI), update("lib/units.py", METRE))
    await desk.review(2)
    both = (
        "vim.tbl_map(function(window) return vim.fs.basename(vim.api.nvim_buf_get_name("
        "vim.api.nvim_win_get_buf(window))) end, vim.api.nvim_tabpage_list_wins(0))"
    )
    for command, name in (("cnext", "shapes.py"), ("cprevious", "units.py")):
        await desk.editor.command(command)
        await desk.holds(f"vim.deep_equal({both}, {{ '{name}', '{name}', '' }})")
    await desk.editor.command("wincmd b")
    await desk.editor.command("2")
    await desk.editor.command("Spark take")
    await desk.sees("[+] change")
    await desk.accept()

    assert PI[1] == (await desk.lines("shapes.py"))[1]
    assert ["METRE = 1"] == await desk.lines("lib/units.py")


async def test_who_types_while_it_is_applied_loses_nothing(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI))
    await desk.review(1)
    await desk.editor.lua(TYPING)
    await desk.editor.command("Spark accept all")
    await desk.holds("typed == 80")
    if await desk.editor.lua("return require('spark.review').active()"):
        await desk.accept()

    typed = [f"# {number}" for number in range(1, 81)]
    lines = FILES["shapes.py"].replace(*PI).splitlines()
    assert [*lines, *typed] == await desk.lines("shapes.py")


async def test_what_is_not_offered_is_told_in_the_list(desk: Desk) -> None:
    await desk.does("Add.", patch({"a.py": "A = 1\n"}), patch({"hidden.txt": "MINE\n"}))
    listed = await desk.review(2)

    assert ["I", "W"] == [it[2] for it in listed]
    assert "hidden.txt" in listed[1][3]


async def test_a_file_to_be_removed_that_was_changed_is_kept(desk: Desk) -> None:
    await desk.does("Go.", "*** Begin Patch\n*** Delete File: shapes.py\n*** End Patch")
    await desk.review(1)
    await desk.editor.lua("vim.fn.appendbufline('shapes.py', 0, '# mine')")
    await desk.editor.command("Spark accept all")
    await desk.sees("You have changed shapes.py; the task has removed it.")

    assert (desk.root / "shapes.py").exists()
    assert "# mine" == (await desk.lines("shapes.py"))[0]


async def test_a_review_ends_with_its_tab_and_nothing_is_applied(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI))
    await desk.review(1)
    await desk.editor.command("Spark take all")
    await desk.editor.command("tabclose")
    await desk.holds("not require('spark.review').active()")
    await desk.editor.command("Spark accept")
    await desk.review(1)

    assert PI[0] == (await desk.lines("shapes.py"))[1]


async def test_texts_are_written_as_they_were_meant_whatever_their_ends(tmp_path: Path) -> None:
    files = {
        "open.py": "A = 1\nB = 2",
        "tail.py": "A = 1\nB = 2\nC = 3\n",
        "wide.py": "😀 = 'é😀'\nB = 2\n",
        "windows.py": "A = 1\r\nB = 2\r\nC = 3\r\n",
    }
    async with at_desk(tmp_path, files=files) as desk:
        await desk.does(
            "Be exact.",
            update("open.py", ("B = 2", "B = 3\n+C = 4")),
            update("tail.py", ("B = 2\n-C = 3", "B = 4")),
            update("wide.py", ("😀 = 'é😀'", "😀 = '😀é'\n+😀😀 = 1")),
            update("windows.py", ("B = 2", "B = 4\n+B = 5")),
        )
        await desk.editor.command("set nofixendofline")
        await desk.review(4)
        await desk.accept("all")
        await desk.sees("4 changes are made, nothing is left")
        await desk.editor.command("wall")

        written = {name: (desk.root / name).read_bytes().decode() for name in files}
    assert {
        "open.py": "A = 1\nB = 3\nC = 4",
        "tail.py": "A = 1\nB = 4\n",
        "wide.py": "😀 = '😀é'\n😀😀 = 1\nB = 2\n",
        "windows.py": "A = 1\r\nB = 4\r\nB = 5\r\nC = 3\r\n",
    } == written


@pytest.mark.parametrize(
    ("typed", "command", "ends"),
    [
        ("$s/disc/plate/", "take", ["NAME = 'circle'"]),
        ("$s/disc/plate/", "take both", ["NAME = 'plate'", "NAME = 'circle'"]),
        ("$d", "take", ["NAME = 'circle'"]),
    ],
)
async def test_a_conflict_at_the_end_of_a_text_is_decided_too(
    desk: Desk, typed: str, command: str, ends: list[str]
) -> None:
    await desk.does("Be exact.", update("shapes.py", ("NAME = 'disc'", "NAME = 'circle'")))
    await desk.editor.command(typed)
    await desk.review(1)
    await desk.editor.command(f"Spark {command}")
    await desk.accept()

    assert ["def area(radius):", PI[0], "", "", *ends] == await desk.lines("shapes.py")


async def test_lines_that_are_typed_elsewhere_move_what_is_applied(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI))
    await desk.review(1)
    await desk.editor.lua("vim.fn.appendbufline('shapes.py', 0, {'# one', '# two'})")
    await desk.accept("all")

    lines = FILES["shapes.py"].replace(*PI).splitlines()
    assert ["# one", "# two", *lines] == await desk.lines("shapes.py")


async def test_files_are_removed_and_renamed_as_neovim_does_it(desk: Desk) -> None:
    await desk.does(
        "Tidy up.",
        "*** Begin Patch\n*** Delete File: lib/colours.py\n"
        "*** Update File: shapes.py\n*** Move to: lib/circles.py\n"
        f"@@\n-{PI[0]}\n+{PI[1]}\n*** End Patch",
    )
    await desk.editor.type("Go# mine<Esc>")
    listed = await desk.review(3)
    await desk.accept("all")

    assert {"colours.py", "shapes.py"} == {it[0] for it in listed}
    assert not (desk.root / "lib/colours.py").exists()
    assert not (desk.root / "shapes.py").exists()
    text = FILES["shapes.py"].replace(*PI) + "# mine\n"
    assert text == (desk.root / "lib/circles.py").read_text("utf-8")


async def test_a_file_that_the_person_has_made_meanwhile_is_not_written_over(desk: Desk) -> None:
    await desk.does("Add it.", patch({"new.py": "NEW = 1\n"}), update("lib/units.py", METRE))
    await desk.review(2)
    (desk.root / "new.py").write_text("MINE = 1\n", "utf-8")
    await desk.editor.command("Spark accept all")
    await desk.sees("something else is proposed now: look again")
    await desk.sees("You have made new.py yourself meanwhile.")
    await desk.editor.lua("vim.fn.win_gotoid(vim.fn.getqflist({ winid = 0 }).winid)")
    await desk.editor.command("1")
    await desk.editor.command("Spark take")
    await desk.sees("that is left to you")
    await desk.accept()

    assert "MINE = 1\n" == (desk.root / "new.py").read_text("utf-8")
    assert ["METRE = 1.0"] == await desk.lines("lib/units.py")


async def test_a_new_file_that_neovim_has_no_name_for_is_written_as_it_was_made(
    desk: Desk,
) -> None:
    await desk.does("Add it.", patch({"LICENSE": "Mine.\nAll mine.\n"}))
    await desk.review(1)
    await desk.accept("all")
    await desk.sees("1 change is made, nothing is left")
    await desk.editor.command("wall")

    assert "Mine.\nAll mine.\n" == (desk.root / "LICENSE").read_text("utf-8")


async def test_what_was_decided_is_there_again_after_the_tab_was_closed(desk: Desk) -> None:
    await desk.does("Be exact.", update("shapes.py", PI), update("lib/units.py", METRE))
    await desk.review(2)
    await desk.editor.command("Spark leave")
    await desk.editor.command("Spark take")
    await desk.editor.command("tabclose")
    await desk.holds("not require('spark.review').active()")
    again = await desk.review(2)
    await desk.editor.command("tabclose")
    await desk.holds("not require('spark.review').active()")
    await desk.editor.lua("vim.fn.setbufline('shapes.py', 2, '    return 4')")
    other = await desk.review(2)

    assert ["[-] ", "[+] "] == [it[3][:4] for it in again]
    assert ["[ ] ", "[ ] "] == [it[3][:4] for it in other], "something else is proposed by then"


async def test_an_objection_is_taken_by_who_wants_what_the_task_has_done(desk: Desk) -> None:
    await desk.does(
        "Tidy up.",
        update("shapes.py", PI),
        "*** Begin Patch\n*** Delete File: lib/units.py\n*** End Patch",
    )
    (desk.root / "shapes.py").unlink()
    await desk.editor.command("bwipeout! shapes.py")
    await desk.editor.command("silent edit lib/units.py")
    await desk.editor.lua("vim.fn.append('$', '# mine')")
    await desk.editor.command("silent write")
    listed = await desk.review(2)
    await desk.editor.command("Spark take both")
    await desk.sees("only one of both can be")
    await desk.editor.command("Spark take")
    await desk.editor.command("Spark take")
    await desk.accept()
    await desk.sees("2 changes are made, nothing is left")
    await desk.editor.command("wall")

    assert [
        ("W", "Taking it removes the file, with what you have in it. Lengths are real."),
        ("W", "Taking it makes shapes.py anew, as the task has it. Exact circles."),
    ] == [
        (it[2], it[3].partition("changed it. " if index else "removed it. ")[2])
        for index, it in enumerate(listed)
    ]
    assert not (desk.root / "lib/units.py").exists()
    assert FILES["shapes.py"].replace(*PI) == (desk.root / "shapes.py").read_text("utf-8")


async def test_an_objection_is_not_taken_with_all(desk: Desk) -> None:
    await desk.does("Go.", "*** Begin Patch\n*** Delete File: lib/units.py\n*** End Patch")
    (desk.root / "lib/units.py").write_text("METRE = 2\n", "utf-8")
    await desk.review(1)
    await desk.editor.command("Spark accept all")
    await desk.sees("nothing is taken")

    assert "METRE = 2\n" == (desk.root / "lib/units.py").read_text("utf-8")


async def test_a_file_that_both_have_moved_goes_where_the_person_takes_it(tmp_path: Path) -> None:
    text = "A = 1\nB = 2\nC = 3\nD = 4\n"
    async with at_desk(tmp_path, files={"old.py": text}) as desk:
        await desk.does(
            "Tidy up.",
            "*** Begin Patch\n*** Update File: old.py\n*** Move to: theirs.py\n"
            "@@\n-D = 4\n+D = 5\n*** End Patch",
        )
        (desk.root / "old.py").rename(desk.root / "mine.py")
        listed = await desk.review(2)
        await desk.editor.command("Spark take")
        await desk.accept("all")
        await desk.sees("2 changes are made, nothing is left")
        await desk.editor.command("wall")

        assert "Taking it renames the file to theirs.py." in listed[0][3]
        assert not (desk.root / "mine.py").exists()
        assert text.replace("4", "5") == (desk.root / "theirs.py").read_text("utf-8")


async def test_it_looks_as_the_readme_shows_it(desk: Desk, *, update: bool) -> None:
    await desk.editor.call("nvim_ui_try_resize", 110, 20)
    await desk.does("Be exact.", EXACT, patch({"lib/tests.py": "assert area(1) > 3.14\n"}))
    await desk.editor.command("2")
    await desk.editor.type("cc    return 3.1 * radius**2<Esc>")
    await desk.review(3)
    await desk.editor.command("cc 1")
    await desk.sees("NAME = 'circle'")
    picture = desk.editor.grid.picture("The review of a background task in Neovim")
    if update:
        PICTURE.write_text(picture, "utf-8")

    assert "circle" in picture
    assert PICTURE.exists()
