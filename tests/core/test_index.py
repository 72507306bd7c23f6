"""The index after any changes is the index of what there is now."""

from hypothesis import given
from hypothesis import strategies as st

from spark_lsp.core.index import Found, Index
from spark_lsp.core.symbols import Definition, FileSymbols

PATHS = ["a.py", "b.py", "lib/a.py"]
NAMES = ["run", "stop", "Store"]


def defining(*names: str) -> FileSymbols:
    """Return a file that defines these names, one per line."""
    definitions = tuple(
        Definition(name, "function", line, line, f"def {name}():")
        for line, name in enumerate(names)
    )
    return FileSymbols("python", len(names) + 1, definitions)


files = st.lists(st.sampled_from(NAMES), max_size=4).map(lambda names: defining(*names))
changes = st.lists(st.tuples(st.booleans(), st.sampled_from(PATHS), st.none() | files), max_size=20)


def told(index: Index) -> dict[str, list[Found]]:
    """Return all that an index answers."""
    return {name: list(index.definitions({name})) for name in NAMES}


def rebuilt(disk: dict[str, FileSymbols], buffers: dict[str, FileSymbols]) -> Index:
    """Return an index that was never changed."""
    index = Index()
    for path, symbols in disk.items():
        index.put(path, symbols)
    for path, symbols in buffers.items():
        index.put_open(path, symbols)
    return index


@given(changes)
def test_any_changes_give_the_index_of_what_there_is_in_the_end(
    sequence: list[tuple[bool, str, FileSymbols | None]],
) -> None:
    index = Index()
    sides: dict[bool, dict[str, FileSymbols]] = {False: {}, True: {}}
    for is_open, path, symbols in sequence:
        (index.put_open if is_open else index.put)(path, symbols)
        if symbols is None:
            sides[is_open].pop(path, None)
        else:
            sides[is_open][path] = symbols
    fresh = rebuilt(sides[False], sides[True])

    assert told(fresh) == told(index)
    assert len(sides[False].keys() | sides[True].keys()) == len(index)
    assert [fresh.symbols(path) for path in PATHS] == [index.symbols(path) for path in PATHS]


@given(st.permutations([(path, defining(*NAMES)) for path in PATHS]))
def test_answers_come_in_path_and_line_order_however_files_came(
    order: list[tuple[str, FileSymbols]],
) -> None:
    index = rebuilt(dict(order), {})

    assert sorted(PATHS) == [found.path for found in index.definitions({"run"})]


def test_a_name_defined_twice_in_a_file_comes_in_line_order() -> None:
    index = rebuilt({"a.py": defining("run", "stop", "run")}, {})

    assert [0, 2] == [found.definition.start_line for found in index.definitions({"run"})]


def test_a_buffer_hides_the_file_on_disk_until_it_is_closed() -> None:
    index = rebuilt({"a.py": defining("run")}, {"a.py": defining("stop")})

    assert not list(index.definitions({"run"}))
    assert ["a.py"] == [found.path for found in index.definitions({"stop"})]

    index.put("a.py", defining("Store"))

    assert not list(index.definitions({"Store"}))

    index.put_open("a.py", None)

    assert ["a.py"] == [found.path for found in index.definitions({"Store"})]
    assert not list(index.definitions({"stop"}))


def test_an_empty_buffer_hides_the_file_on_disk_as_well() -> None:
    index = rebuilt({"a.py": defining("run")}, {"a.py": defining()})

    assert not list(index.definitions({"run"}))
    assert 1 == len(index)


def test_a_file_that_was_never_there_can_be_gone() -> None:
    index = Index()
    index.put("a.py", None)
    index.put_open("a.py", None)

    assert 0 == len(index)
    assert index.symbols("a.py") is None
