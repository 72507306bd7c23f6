"""When a server can be asked, and by what it is known."""

from pathlib import Path

from spark_lsp.cli.evaluation.asking import INVOKED, Examination, examined
from spark_lsp.cli.evaluation.readiness import probes, ready
from tests.cli.evaluation.test_asking import FILES, LESSON
from tests.cli.evaluation.test_places import sources


async def test_a_server_that_is_ready_knows_what_the_workspace_holds(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    said: list[str] = []

    async def work(examination: Examination) -> None:
        await ready(examination, sources(FILES), learns=True)
        assert await examination.indexed()
        before = LESSON.partition("ValueError(")[0]
        answer = await examination.said("new.py", before, "", INVOKED)
        said.append(answer.text)

    report = await examined(tmp_path, [], None, work)

    assert [] == report.errors
    assert said[0].startswith("ValueError(")


def test_it_is_asked_for_lines_that_stand_nowhere_else_and_for_the_last_file_too() -> None:
    """By another name than the file's, whose own lines have no say."""
    found = probes(sources({**FILES, "short.py": "x = 1\n"}))

    assert {"spark-probe-lesson.py", "spark-probe-other.py"} == {it.path for it in found}
    for probe in found:
        source = FILES[probe.path.removeprefix("spark-probe-")]
        assert f"{probe.before}{probe.expected}\n" in source


def test_where_nothing_can_be_asked_for_there_are_no_questions() -> None:
    assert [] == probes(sources({"a.py": "x = 1\n"}))
