"""Who asks by a command gets the engine's best guess, and can read how sure of it that was."""

from pathlib import Path
from typing import Any

from tests.editor import Editor, editing

SOURCE = "".join(f"show({name}.size, {name})\n" for name in ("one", "two", "three", "four"))
_INVOKED, _AUTOMATIC = 1, 2


async def asked(editor: Editor, trigger: int) -> list[dict[str, Any]]:
    """Ask at the end of the document, which is where the cursor stands."""
    at = {"line": SOURCE.count("\n"), "character": len("show(")}
    result = await editor.client.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": editor.uri},
            "position": at,
            "context": {"triggerKind": trigger},
        },
    )
    items: list[dict[str, Any]] = result["items"]
    return items


async def test_a_guess_is_shown_to_who_has_asked_for_one(tmp_path: Path) -> None:
    async with editing(tmp_path, "a.py", f"{SOURCE}show(") as editor:
        unasked = await asked(editor, _AUTOMATIC)
        [item] = await asked(editor, _INVOKED)
        account = await editor.client.request(
            "spark/explain", {"textDocument": {"uri": editor.uri}}
        )

    assert not unasked
    assert item["insertText"]
    assert 0 < account["confidence"] < 0.4
