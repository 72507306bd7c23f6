"""What a person saves in the configuration file holds at once, without a restart."""

import asyncio
from pathlib import Path

from tests.editor import Editor, editing
from tests.model import scripted_model


async def type_on(editor: Editor) -> None:
    """Type letters, each when the last has been answered."""
    while True:
        editor.type("s")
        await asyncio.wait([editor.ask()])


async def test_a_model_that_is_configured_while_one_types_is_asked_from_then_on(
    tmp_path: Path,
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    async with (
        scripted_model() as model,
        editing(root, "a.py", "value = <CURSOR>\n", config="") as editor,
    ):
        (tmp_path / "config.toml").write_text("modle = 1", "utf-8")
        await editor.until(lambda: any("do you mean model?" in it for it in editor.messages))
        beside = tmp_path / "new.toml"
        beside.write_text(
            'model_provider = "mine"\nmodel = "tiny"\n[model_providers.mine]\n'
            f'base_url = "{model.url}"\n',
            "utf-8",
        )
        beside.replace(tmp_path / "config.toml")
        typing = asyncio.create_task(type_on(editor))
        request = await model.next()
        typing.cancel()
        await request.end()

    assert "tiny" == request.frame["model"]
