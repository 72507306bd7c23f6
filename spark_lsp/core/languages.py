"""One row of data per language.

Owns what is known of a language before any text is seen: its names in the protocol, its file
suffixes, its comment marker, its grammar wheel and the queries that find definitions and imports.
Parsing is left to `syntax`, reading the query's captures to `symbols`.

The queries are our own: small, without predicates or directives (py-tree-sitter 0.26.1 frees memory
twice on some orders of those), and compiled once per process.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of a language.

    Attributes:
        name: our name, and the LSP language id unless `ids` says more.
        suffixes: file name endings, with the dot.
        comment: what starts a comment that runs to the end of the line.
        module: the grammar's Python package.
        function: the function of that package that returns the grammar.
        query: tree-sitter patterns with captures `@definition.KIND` around `@name`, and `@import`.
        ids: further LSP language ids.
    """

    name: str
    suffixes: tuple[str, ...]
    comment: str
    module: str
    function: str
    query: str
    ids: tuple[str, ...] = ()


_JAVASCRIPT_QUERY = """
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(class_declaration name: (_) @name) @definition.class
(method_definition name: (property_identifier) @name) @definition.method
(program (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable))
(program (export_statement
  (lexical_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
(import_statement) @import
"""

_TYPESCRIPT_QUERY = (
    _JAVASCRIPT_QUERY
    + """
(abstract_class_declaration name: (_) @name) @definition.class
(interface_declaration name: (_) @name) @definition.interface
(type_alias_declaration name: (_) @name) @definition.type
(enum_declaration name: (_) @name) @definition.enum
(method_signature name: (property_identifier) @name) @definition.method
"""
)

_C_QUERY = """
(function_definition
  declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(function_definition
  declarator: (pointer_declarator
    declarator: (function_declarator declarator: (identifier) @name))) @definition.function
(declaration
  declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(struct_specifier name: (type_identifier) @name body: (_)) @definition.struct
(enum_specifier name: (type_identifier) @name body: (_)) @definition.enum
(type_definition declarator: (type_identifier) @name) @definition.type
(preproc_def name: (identifier) @name) @definition.macro
(preproc_function_def name: (identifier) @name) @definition.macro
(preproc_include) @import
"""

LANGUAGES: tuple[Language, ...] = (
    Language(
        "python",
        (".py", ".pyi", ".pyw"),
        "#",
        "tree_sitter_python",
        "language",
        """
        (function_definition name: (identifier) @name) @definition.function
        (class_definition name: (identifier) @name) @definition.class
        (module (expression_statement (assignment left: (identifier) @name) @definition.variable))
        (import_statement) @import
        (import_from_statement) @import
        """,
    ),
    Language(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs"),
        "//",
        "tree_sitter_javascript",
        "language",
        _JAVASCRIPT_QUERY,
        ids=("javascriptreact",),
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        "//",
        "tree_sitter_typescript",
        "language_typescript",
        _TYPESCRIPT_QUERY,
    ),
    Language(
        "tsx",
        (".tsx",),
        "//",
        "tree_sitter_typescript",
        "language_tsx",
        _TYPESCRIPT_QUERY,
        ids=("typescriptreact",),
    ),
    Language(
        "go",
        (".go",),
        "//",
        "tree_sitter_go",
        "language",
        """
        (function_declaration name: (identifier) @name) @definition.function
        (method_declaration name: (field_identifier) @name) @definition.method
        (type_declaration (type_spec name: (type_identifier) @name) @definition.type)
        (source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
        (source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
        (import_spec) @import
        """,
    ),
    Language(
        "rust",
        (".rs",),
        "//",
        "tree_sitter_rust",
        "language",
        """
        (function_item name: (identifier) @name) @definition.function
        (function_signature_item name: (identifier) @name) @definition.function
        (struct_item name: (type_identifier) @name) @definition.struct
        (enum_item name: (type_identifier) @name) @definition.enum
        (trait_item name: (type_identifier) @name) @definition.interface
        (type_item name: (type_identifier) @name) @definition.type
        (const_item name: (identifier) @name) @definition.constant
        (static_item name: (identifier) @name) @definition.variable
        (mod_item name: (identifier) @name) @definition.module
        (macro_definition name: (identifier) @name) @definition.macro
        (use_declaration) @import
        """,
    ),
    Language(
        "java",
        (".java",),
        "//",
        "tree_sitter_java",
        "language",
        """
        (class_declaration name: (identifier) @name) @definition.class
        (interface_declaration name: (identifier) @name) @definition.interface
        (enum_declaration name: (identifier) @name) @definition.enum
        (record_declaration name: (identifier) @name) @definition.class
        (method_declaration name: (identifier) @name) @definition.method
        (constructor_declaration name: (identifier) @name) @definition.method
        (import_declaration) @import
        """,
    ),
    Language("c", (".c", ".h"), "//", "tree_sitter_c", "language", _C_QUERY),
    Language(
        "cpp",
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"),
        "//",
        "tree_sitter_cpp",
        "language",
        _C_QUERY
        + """
        (class_specifier name: (type_identifier) @name body: (_)) @definition.class
        (namespace_definition name: (namespace_identifier) @name) @definition.module
        (function_definition declarator: (function_declarator
          declarator: (qualified_identifier) @name)) @definition.method
        (field_declaration declarator: (function_declarator
          declarator: (field_identifier) @name)) @definition.method
        """,
    ),
)

_BY_ID = {id_: row for row in LANGUAGES for id_ in (row.name, *row.ids)}
_BY_SUFFIX = {suffix: row for row in LANGUAGES for suffix in row.suffixes}


def by_id(language_id: str) -> Language | None:
    """Return the language of an LSP language id, or None if we have no grammar for it."""
    return _BY_ID.get(language_id)


def by_path(path: str) -> Language | None:
    """Return the language of a file by its name, or None if we have no grammar for it."""
    dot = path.rfind(".")
    return _BY_SUFFIX.get(path[dot:].lower()) if dot > path.rfind("/") else None
