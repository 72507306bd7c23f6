"""What a repository says in `.spark-lsp.toml` holds, and it can only say less."""

from pathlib import Path

import pytest

from tests.editor import editing
from tests.model import scripted_model

SOURCE = "def double(number):\n    return number * 2\n\n\ndef double_again(number):\n    <CURSOR>\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("enabled = false\n", ""),
        ('exclude = ["a.py"]\n', ""),
        (
            'model_provider = "openai"\n',
            "can only set exclude, enabled, drafts, model_context_window",
        ),
        ("enabled = maybe\n", "not valid TOML"),
    ],
)
async def test_a_repository_can_switch_off(root: Path, content: str, complaint: str) -> None:
    (root / ".spark-lsp.toml").write_text(content, "utf-8")
    async with scripted_model() as model:
        config = f'model_provider = "mine"\n[model_providers.mine]\nbase_url = "{model.url}"\n'
        async with editing(root, "a.py", SOURCE, config=config) as editor:
            assert {"items": []} == await editor.ask()

        assert [] == model.creates
        # Switched off, nothing is prepared either.
        assert "exclude" in content or [] == model.handshakes
        assert [complaint in message for message in editor.messages] == (
            [True] if complaint else []
        )


async def test_a_repository_can_lower_what_is_sent(root: Path) -> None:
    (root / ".spark-lsp.toml").write_text("model_context_window = 4096\n", "utf-8")
    for number in range(40):
        (root / f"m{number}.py").write_text(SOURCE.replace("double", f"d{number}") * 9, "utf-8")
    async with scripted_model() as model:
        config = f'model_provider = "mine"\n[model_providers.mine]\nbase_url = "{model.url}"\n'
        async with editing(root, "a.py", SOURCE, config=config) as editor:
            editor.ask()
            await (await model.next()).end()
            await model.until(lambda: any('path="m' in text for text in model.warm))

        assert sum(map(len, model.warm)) < 4 * 4096
