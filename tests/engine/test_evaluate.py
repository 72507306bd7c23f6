"""The evaluation asks what stands in the files and scores what was said."""

from spark_lsp.engine.evaluate import score, tasks_of

FILES = {
    "a.py": "import logging\n\n    logger = logging.getLogger(name)\n",
    "b.py": "\n\nlogger = logging.getLogger(name)  \n",
    "c.py": "",
}


def test_a_task_is_a_cut_of_its_file() -> None:
    """Prefix, expected text and suffix are the file again, but for white space at a line's end."""
    tasks = tasks_of(FILES, 30)

    assert len(tasks) == 30
    assert {task.path for task in tasks} == {"a.py", "b.py"}
    for task in tasks:
        assert FILES[task.path].startswith(task.prefix + task.expected)
        assert FILES[task.path].endswith(task.suffix)
        assert task.expected.strip()
        assert task.prefix.rsplit("\n", 1)[-1].strip()


def test_the_same_files_give_the_same_tasks() -> None:
    """The choice is spread over the files, not left to chance."""
    assert tasks_of(FILES, 9) == tasks_of(dict(reversed(FILES.items())), 9)
    assert tasks_of({}, 9) == []


def test_lines_that_stand_elsewhere_are_scored_as_right() -> None:
    """All shares stay within their bounds, and copying is recognised."""
    files = {f"{name}.py": FILES["a.py"] * 3 for name in "abc"}
    result = score(files, tasks_of(files, 20))

    assert result.tasks == 20
    assert result.exact_match > 0.5
    assert 0 < result.shown <= 1
    assert result.shown_exact <= result.shown_right <= 1


def test_no_tasks_give_a_score_of_nothing() -> None:
    """An empty repository is no division by zero."""
    assert score({}, []).exact_match == 0
