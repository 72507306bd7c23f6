"""JavaScript and TypeScript, with and without JSX."""

from spark_lsp.core.languages.row import Language

_FUNCTION = """[
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
  (generator_function body: (_) @body)]"""

# A declaration at the top of a module, exported or not.
_TOP_LEVEL = """
(program (lexical_declaration {0}))
(program (variable_declaration {0}))
(program (export_statement (lexical_declaration {0})))
(program (export_statement (variable_declaration {0})))
""".format("(variable_declarator name: (identifier) @name) @definition.variable")

_REQUIRE = "(call_expression function: (identifier) @word)"

_COMMON = f"""
{_TOP_LEVEL}
(function_declaration name: (_) @name) @definition.function
(generator_function_declaration name: (_) @name) @definition.function
(class_declaration name: (_) @name) @definition.class
(method_definition name: (_) @name) @definition.method
(variable_declarator name: (identifier) @name value: {_FUNCTION}) @definition.function
(variable_declarator name: (identifier) @name
  value: (class body: (_) @body)) @definition.class
(assignment_expression
  left: (member_expression property: (_) @name) right: {_FUNCTION}) @definition.function
(assignment_expression
  left: (member_expression property: (_) @name)
  right: (class body: (_) @body)) @definition.class
(pair key: (property_identifier) @name value: {_FUNCTION}) @definition.method
(import_statement) @import
(export_statement source: (_)) @import
(program (expression_statement {_REQUIRE}) @import)
(lexical_declaration (variable_declarator name: (_) @imported value: {_REQUIRE})) @import
(variable_declaration (variable_declarator name: (_) @imported value: {_REQUIRE})) @import
(lexical_declaration (variable_declarator
  name: (_) @imported value: (member_expression object: {_REQUIRE}))) @import
(variable_declaration (variable_declarator
  name: (_) @imported value: (member_expression object: {_REQUIRE}))) @import
"""

_JAVASCRIPT = f"""
{_COMMON}
(field_definition property: (_) @name value: {_FUNCTION}) @definition.method
"""

_TYPESCRIPT = f"""
{_COMMON}
(program (ambient_declaration (lexical_declaration
  (variable_declarator name: (identifier) @name) @definition.variable)))
(program (ambient_declaration (variable_declaration
  (variable_declarator name: (identifier) @name) @definition.variable)))
(abstract_class_declaration name: (_) @name) @definition.class
(interface_declaration name: (_) @name) @definition.interface
(type_alias_declaration name: (_) @name) @definition.type
(enum_declaration name: (_) @name) @definition.enum
(internal_module name: [
  (identifier) @name
  (nested_identifier property: (_) @name)]) @definition.module
(module name: [
  (identifier) @name
  (nested_identifier property: (_) @name)
  (string (string_fragment) @name)]) @definition.module
(function_signature name: (_) @name) @definition.function
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method
(public_field_definition name: (_) @name value: {_FUNCTION}) @definition.method
(import_alias) @import
"""

_WORDS = {"require": "import"}
# Deep enough for a method in a class in a module that is wrapped into a function. One definition in
# ten of webpack's is lost, mostly callbacks in tests; with a depth of 20 the query takes twice as
# long.
_DEPTH = 12

JAVASCRIPT = Language(
    name="javascript",
    ids=("javascriptreact",),
    suffixes=(".js", ".jsx", ".mjs", ".cjs"),
    names=("Jakefile",),
    comment="//",
    module="tree_sitter_javascript",
    query=_JAVASCRIPT,
    words=_WORDS,
    decorators=frozenset({"decorator"}),
    depth=_DEPTH,
)

TYPESCRIPT = Language(
    name="typescript",
    suffixes=(".ts", ".mts", ".cts"),
    comment="//",
    module="tree_sitter_typescript",
    function="language_typescript",
    query=_TYPESCRIPT,
    words=_WORDS,
    decorators=frozenset({"decorator"}),
    depth=_DEPTH,
)

TSX = Language(
    name="tsx",
    ids=("typescriptreact",),
    suffixes=(".tsx",),
    comment="//",
    module="tree_sitter_typescript",
    function="language_tsx",
    query=_TYPESCRIPT,
    words=_WORDS,
    decorators=frozenset({"decorator"}),
    depth=_DEPTH,
)

ROWS = (JAVASCRIPT, TYPESCRIPT, TSX)
