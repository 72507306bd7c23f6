"""Where a thing of one file is mentioned in the others.

Owns the links between files: names that are imported, also by way of files that pass them on; files
that are used as a whole, and their names qualified; files that see each other without importing;
members of classes that are imported, and of those that extend them. What cannot be linked by the
syntax is not there.
"""

import re
from collections.abc import Collection, Iterator

from spark_lsp.core.foresight.mentions import BINDING, Mention, Role
from spark_lsp.core.foresight.names import FREE, Names, Source, Thing
from spark_lsp.core.foresight.workspace import Workspace

_ROUNDS = 3
"""Files in a row that may pass a name on."""
_FEW = 6
"""Letters of a name below which it says nothing of what it is a member of."""
_HUMP = re.compile(r"[^\W_]_[^\W_]|[a-z][A-Z]")
"""Where one word of a name ends and another begins."""
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)
_RENAMED = re.compile(r"([\w*]+)\s+as\s+(\w+)")
_GO_NAME = re.compile(r"\s*(\w+)\s+[\"`]")
_MODULES = frozenset({"__init__", "index", "mod", "lib"})
"""Files that go by the name of their folder."""

Linked = Iterator[tuple[Source, tuple[Mention, ...]]]


def elsewhere(workspace: Workspace, home: Source, names: Names, thing: Thing) -> Linked:
    """Yield the other files that mention a thing of a file, and where they do."""
    if thing.kind == "member":
        yield from _members(workspace, home, names, thing)
    elif thing.is_global and _is_public(home, names, thing):
        if home.naming.headers:
            yield from _included(workspace, home, names)
        else:
            yield from _imported(workspace, home, names)


def is_telling(workspace: Workspace | None, home: Source, names: Names, thing: Thing) -> bool:
    """Whether calls of a member can be known by its name, whatever it is called of.

    Short names are everywhere, and what two classes have may be meant of either. So may fields:
    options are often named like what they are kept in.
    """
    long = len(names.name) >= _FEW and _HUMP.search(names.name) is not None
    alone = workspace is None or not workspace.defines(names.name, without={home.path})
    return long and alone and names.is_function(thing) and names.owners() <= thing.owners


def homes(workspace: Workspace, source: Source, mention: Mention, name: str) -> list[Source]:
    """Return the files that define a name where an import looks for what it binds."""
    found: dict[str, Source] = {}
    todo = [(source, mention)]
    for _ in range(_ROUNDS):
        passed: list[tuple[Source, Mention]] = []
        for importing, binding in todo:
            for path in _meant(workspace, importing, binding, binding.node.text):
                other = workspace.source(path)
                bound = global_bindings(other, name) if other else []
                if other and any(it.role is Role.BIND for it in bound):
                    found[path] = other
                passed += [(other, it) for it in bound if other and it.role is Role.IMPORT]
        todo = passed
    return list(found.values())


def global_bindings(source: Source, name: str) -> list[Mention]:
    """Return where a name is bound for all of a file."""
    names = source.names(name)
    return [
        it
        for it in names.mentions
        if it.role in BINDING and (thing := names.thing(it)) and thing.is_global
    ]


def _is_public(home: Source, names: Names, thing: Thing) -> bool:
    """Whether other files can mention a name of a file."""
    if home.naming.exports:
        return any(map(_is_exported, names.of(thing)))
    outer = (it.way[1].text[:7] for it in names.definitions(thing) if len(it.way) > 1)
    return not (home.naming.headers and "static " in outer)


def _is_exported(mention: Mention) -> bool:
    """Whether a file exports a name where it is mentioned, under this name."""
    statement = mention.way[1]
    if statement.type != "export_statement" or statement.part("source"):
        return False
    if mention.way[-2].type == "export_specifier":
        return mention.way[-2].part("alias") is None
    is_default = any(it.type == "default" for it in statement.parts)
    return mention.role is Role.BIND and not is_default


def _imported(workspace: Workspace, home: Source, names: Names) -> Linked:
    """Yield who imports a name, or the file, also by way of files that pass the name on."""
    name = names.name
    candidates = list(workspace.mentioning(name, home.path))
    passing = _passing(workspace, home, name, candidates)
    for path in candidates:
        means = any(target.path in passing for _, target in workspace.imports(path))
        source = workspace.source(path) if means or _is_mate(home, path) else None
        linked = _links(workspace, home, source, name, passing) if source else ()
        if source and linked:
            yield source, linked


def _passing(
    workspace: Workspace, home: Source, name: str, candidates: Collection[str]
) -> set[str]:
    """Return the file, and those that have a name from it, or from one another, for all of them."""
    passing = {home.path}
    for _ in range(_ROUNDS):
        more = set[str]()
        for path in candidates:
            if path in passing or not any(
                target.path in passing and name in target.names
                for _, target in workspace.imports(path)
            ):
                continue
            source = workspace.source(path)
            bound = global_bindings(source, name) if source else []
            if source and any(
                it.role is Role.IMPORT
                and not passing.isdisjoint(_meant(workspace, source, it, name))
                for it in bound
            ):
                more.add(path)
        passing |= more
    return passing


def _links(
    workspace: Workspace, home: Source, source: Source, name: str, passing: Collection[str]
) -> tuple[Mention, ...]:
    """Return the mentions in a file of what some files have under a name."""
    names = source.names(name)
    whole: set[str] = set()
    free = _is_mate(home, source.path) and _package(home) == _package(source)
    for statement, target in workspace.imports(source.path):
        if target.path in passing:
            free = free or "*" in target.names
            whole |= set() if target.names else _qualifiers(statement, target.path, home)
    found: dict[int, Mention] = {}
    for it in names.mentions:
        thing = names.thing(it)
        if it.role in {Role.IMPORT, Role.SOURCE}:
            if any(path in passing for path in _meant(workspace, source, it, name)):
                same = names.of(thing) if thing else [it]
                found |= {one.start: one for one in same}
        elif it.role is Role.ACCESS:
            node = names.object(it)
            if node and node.text in whole and _is_imported(source, node.text, node.start):
                found[it.start] = it
        elif free and thing == FREE:
            found[it.start] = it
    return tuple(found[at] for at in sorted(found))


def _meant(workspace: Workspace, source: Source, mention: Mention, name: str) -> list[str]:
    """Return the files from which the import of a mention takes a name."""
    statement = mention.above(source.naming.imports)
    targets = workspace.targets(source.path, statement.text) if statement else ()
    return [it.path for it in targets if name in it.names]


def _is_imported(source: Source, text: str, start: int) -> bool:
    """Whether the first word of a qualifier is what an import binds, or nothing of the file."""
    names = source.names(re.split(r"\W", text, maxsplit=1)[0])
    mention = names.starting(start)
    thing = names.thing(mention) if mention else None
    bound = names.definitions(thing) if thing else []
    return thing == FREE or any(it.role in {Role.IMPORT, Role.ALIAS} for it in bound)


def _qualifiers(statement: str, path: str, home: Source) -> set[str]:
    """Return what a file calls another one that it imports as a whole."""
    stem = _stem(path)
    found = {alias for name, alias in _RENAMED.findall(statement) if name in {stem, "*"}}
    if home.path.endswith(".go"):
        named = _GO_NAME.match(statement)
        return {named[1] if named else _package(home)}
    if found:
        return found
    dotted = re.search(rf"[\w.]*\b{re.escape(stem)}\b", statement.partition("import")[2])
    return {stem, dotted[0]} if dotted else {stem}


def _stem(path: str) -> str:
    folders, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    return folders.rpartition("/")[2] if stem in _MODULES else stem


def _is_mate(home: Source, path: str) -> bool:
    """Whether a file may see the names of another without importing them."""
    return home.naming.mates and home.path.rpartition("/")[0] == path.rpartition("/")[0]


def _package(source: Source) -> str:
    found = _PACKAGE.search(source.tree.string)
    return found[1] if found else ""


def _included(workspace: Workspace, home: Source, names: Names) -> Linked:
    """Yield the files that share a name by including it, or the header that declares it."""
    name = names.name
    group = {home.path}
    for _, target in workspace.imports(home.path):
        header = workspace.source(target.path)
        if header and global_bindings(header, name):
            group.add(target.path)
    has_body = any(it.way[1].type == "function_definition" for it in names.mentions)
    for path in workspace.mentioning(name, home.path):
        if path not in group and not any(it.path in group for _, it in workspace.imports(path)):
            continue
        source = workspace.source(path)
        bound = global_bindings(source, name) if source else []
        if source is None or any(it.way[1].text.startswith("static ") for it in bound):
            continue
        bodies = any(it.way[1].type == "function_definition" for it in bound)
        if bodies and has_body:
            continue
        others = source.names(name)
        linked = [
            it
            for it in others.mentions
            if (thing := others.thing(it)) and (thing == FREE or thing.is_global)
        ]
        if linked:
            yield source, tuple(linked)


def _members(workspace: Workspace, home: Source, names: Names, thing: Thing) -> Linked:
    """Yield who mentions a member of classes of a file."""
    name = names.name
    passing = {home.path}
    for owner in sorted(thing.owners):
        classes = home.names(owner)
        bound = global_bindings(home, owner)
        kind = classes.thing(bound[0]) if bound else None
        if kind and kind.is_global:
            passing |= {source.path for source, _ in elsewhere(workspace, home, classes, kind)}
    telling = is_telling(workspace, home, names, thing)
    for path in workspace.mentioning(name, home.path):
        linked = path in passing or any(it.path in passing for _, it in workspace.imports(path))
        source = workspace.source(path) if linked or _is_mate(home, path) else None
        if source is None:
            continue
        others = source.names(name)
        related = _related(source, others, thing.owners)
        found = [
            it
            for it in others.mentions
            if (other := others.thing(it)) is not None
            and other.called == thing.called
            and not other.owners.isdisjoint(related)
        ]
        if telling and others.owners() <= related:
            found += others.anyones(thing)
        if found:
            yield source, tuple(found)


def _related(source: Source, names: Names, owners: frozenset[str]) -> frozenset[str]:
    """Return the classes of another file, and those that it imports, that share a member."""
    related = {
        it
        for it in owners
        if not any(bound.role is Role.BIND for bound in global_bindings(source, it))
    }
    grown = True
    while grown:
        more = {it for it in names.owners() - related if not names.extends(it).isdisjoint(related)}
        related |= more
        grown = bool(more)
    return frozenset(related)
