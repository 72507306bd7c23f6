"""Languages of equations and clauses: Elixir and Haskell."""

from spark_lsp.core.languages.row import Language

# The head of a clause: a name, or a call, with or without a guard.
_HEAD = """(arguments . [
  (identifier) @name
  (call target: (identifier) @name)
  (binary_operator left: (identifier) @name)
  (binary_operator left: (call target: (identifier) @name))])"""

ELIXIR = Language(
    name="elixir",
    suffixes=(".ex", ".exs"),
    comment="#",
    module="tree_sitter_elixir",
    query=f"""
    (call target: (identifier) @word (arguments . (alias) @name) (do_block) @body) @definition
    (call target: (identifier) @word {_HEAD}) @definition
    (call target: (identifier) @word {_HEAD} (do_block) @body) @definition
    (unary_operator "@" operand: (call target: (identifier) @word
      (arguments (binary_operator left: [
        (identifier) @name
        (call target: (identifier) @name)])))) @definition
    (call target: (identifier) @word (arguments . (_))) @import
    """,
    words={
        "def": "function",
        "defdelegate": "function",
        "defguard": "macro",
        "defguardp": "macro",
        "defimpl": "extension",
        "defmacro": "macro",
        "defmacrop": "macro",
        "defmodule": "module",
        "defp": "function",
        "defprotocol": "interface",
        "opaque": "type",
        "type": "type",
        "typep": "type",
        "alias": "import",
        "import": "import",
        "require": "import",
        "use": "import",
    },
    separator=".",
    merges=True,
)

_EQUATION = """
({0} (signature name: (variable) @name) @definition.function)
({0} (signature name: (prefix_id (operator) @name)) @definition.function)
({0} (function name: (variable) @name) @definition.function)
({0} (function name: (prefix_id (operator) @name)) @definition.function)
({0} (function (infix operator: (operator) @name)) @definition.function)
({0} (bind name: (variable) @name) @definition.variable)
"""

HASKELL = Language(
    name="haskell",
    suffixes=(".hs", ".hs-boot"),
    comment="--",
    module="tree_sitter_haskell",
    query=f"""
    (header module: (module (module_id) @name .)) @definition.module
    {_EQUATION.format("declarations")}
    {_EQUATION.format("class_declarations")}
    {_EQUATION.format("instance_declarations")}
    (data_type name: (name) @name) @definition.type
    (newtype name: (name) @name) @definition.type
    (type_synonym name: (name) @name) @definition.type
    (type_family name: (name) @name) @definition.type
    (data_family name: (name) @name) @definition.type
    (class name: (name) @name) @definition.interface
    (instance name: (name) @name) @definition.extension
    (import) @import
    """,
    merges=True,
)

ROWS = (ELIXIR, HASKELL)
