"""What a record of settings says of its fields, in a person's words.

Owns how types, bounds and mistakes are told. Which fields there are, and what they mean, stands in
the annotations of the record and nowhere else: errors, tables and schemas are made from them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    Attributes:
        name: as people write it.
        meaning: one sentence, without a full stop.
        needed: whether it has to be written.
        default: its value where it is not.
        right: what may be written, such as "true or false".
        choices: the words of which it is one, in their order, or none.
        record: the record that it holds, or holds by name, or None.
        named: whether it holds records by name.
    """

    name: str
    meaning: str
    needed: bool
    default: object
    right: str
    choices: tuple[str, ...] = ()
    record: type[msgspec.Struct] | None = None
    named: bool = False


def fields(record: type[msgspec.Struct]) -> Iterator[Field]:
    """Yield the fields of a record, in the order in which it lists them."""
    told = inspect.type_info(record)
    assert isinstance(told, inspect.StructType)
    hints = get_type_hints(record)
    for it in told.fields:
        kind, meaning = _plain(it.type)
        inner, named = kind, isinstance(kind, inspect.DictType)
        if isinstance(kind, inspect.DictType):
            inner, _ = _plain(kind.value_type)
        held = inner.cls if isinstance(inner, inspect.StructType) else None
        default = it.default
        if it.default_factory is not msgspec.NODEFAULT:
            default = it.default_factory()
        yield Field(
            it.encode_name,
            meaning,
            it.required,
            default,
            _right(kind, it.encode_name, choices := _choices(hints[it.name])),
            choices,
            held,
            named and held is not None,
        )


def sentence(error: msgspec.ValidationError, place: str, record: type[msgspec.Struct]) -> str:
    """Return what is wrong with a record at a place, and what would be right.

    The value is not repeated: it may be a key in the wrong place.
    """
    what, _, where = str(error).partition(" - at `$")
    names = re.findall(r"[^.\[\]]+", re.sub(r"\[[^\]]*\]", "", where.rstrip("`")))
    path = ".".join(filter(None, (place, *names)))
    dot = "." if path else ""
    if unknown := _UNKNOWN.fullmatch(what):
        inner = _held(record, names)
        hint = suggestion(unknown[1], inner.__struct_fields__)
        return f"{path}{dot}{unknown[1]}: there is no such setting{hint}"
    if missing := _MISSING.fullmatch(what):
        return f"{path}{dot}{missing[1]}: is missing, write one"
    outer = _held(record, names[:-1])
    right = next((it.right for it in fields(outer) if it.name == (names or [""])[-1]), "")
    return f"{path or 'the settings'}: write {right or f'a table, [{path}]'}"


def listed(names: Sequence[str], word: str = "or") -> str:
    """Return names as people list them: "a, b or c"."""
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return what somebody may have meant, as the end of a sentence, or ""."""
    near = get_close_matches(name, known, 1)
    return f", do you mean {near[0]}?" if near else ""


def _held(record: type[msgspec.Struct], names: Sequence[str]) -> type[msgspec.Struct]:
    """Return the record that stands below some names."""
    for name in names:
        held = next((it.record for it in fields(record) if it.name == name), None)
        record = held or record
    return record


def _plain(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """Return a type without what is said about it and without None, and what is said."""
    meaning = ""
    while isinstance(kind, inspect.Metadata):
        told: Mapping[str, Any] = kind.extra_json_schema or {}
        meaning = meaning or told.get("description", "")
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        kinds = [it for it in kind.types if not isinstance(it, inspect.NoneType)]
        return _plain(kinds[0])[0], meaning
    return kind, meaning


def _choices(hint: object) -> tuple[str, ...]:
    """Return the words of a `Literal`, which `inspect` would sort."""
    parts = [part for part in (hint, *get_args(hint)) if get_origin(part) is Literal]
    return tuple(str(value) for part in parts for value in get_args(part))


def _right(kind: inspect.Type, name: str, choices: Sequence[str]) -> str:
    match kind:
        case inspect.BoolType():
            right = "true or false"
        case inspect.IntType(ge=least, le=most):
            bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
            right = f"a whole number {bounds}"
        case inspect.LiteralType():
            right = listed(choices)
        case inspect.DictType(value_type=inspect.StrType()):
            right = 'a table of texts, such as { name = "value" }'
        case inspect.DictType():
            right = f"one [{name}.NAME] for each"
        case inspect.VarTupleType():
            right = "a list of texts in quotes"
        case inspect.StructType():
            right = f"a table, [{name}]"
        case _:
            right = "a text in quotes"
    return right
