"""A small repository for tests that are about what becomes of a completion, not what it says."""

UTIL = """\
SECONDS_PER_UNIT = {"s": 1, "m": 60}


def split_duration(text):
    return int(text[:-1]), text[-1]
"""
"""A file that the engine learns from."""
SOURCE = """\
def first(text):
    number, unit = split_duration(text)
    return number * SECONDS_PER_UNIT[unit]


def second(text):
    number, unit = <CURSOR>
"""
"""An open file in which it is sure of what comes next."""
