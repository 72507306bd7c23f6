"""Languages of data: SQL, JSON, YAML, TOML."""

from spark_lsp.core.languages.row import Language

SQL = Language(
    name="sql",
    ids=("mysql", "pgsql", "plpgsql"),
    suffixes=(".sql", ".ddl", ".pgsql"),
    comment="--",
    module="tree_sitter_sql",
    query="""
    (create_schema (identifier) @name) @definition.module
    (create_table (object_reference name: (_) @name)) @definition.table
    (create_view (object_reference name: (_) @name)) @definition.view
    (create_materialized_view (object_reference name: (_) @name)) @definition.view
    (create_type (object_reference name: (_) @name)) @definition.type
    (create_index column: (identifier) @name) @definition.key
    (create_sequence (object_reference name: (_) @name)) @definition.variable
    (create_function (object_reference name: (_) @name)) @definition.function
    (create_function (object_reference name: (_) @name) (function_body) @body) @definition.function
    (create_trigger
      (keyword_trigger) . (object_reference name: (_) @name)) @definition.function
    """,
)

JSON = Language(
    name="json",
    ids=("jsonc",),
    suffixes=(".json", ".jsonc", ".webmanifest", ".code-workspace"),
    names=(".babelrc", ".eslintrc", ".jshintrc"),
    comment="//",
    module="tree_sitter_json",
    query="""
    (document (object (pair key: (string (string_content) @name)) @definition.key))
    """,
)

YAML = Language(
    name="yaml",
    ids=("dockercompose", "github-actions-workflow", "yaml.docker-compose"),
    suffixes=(".yaml", ".yml"),
    names=(".clang-format", ".clang-tidy"),
    comment="#",
    module="tree_sitter_yaml",
    query="""
    (document (block_node (block_mapping (block_mapping_pair key: (_) @name) @definition.key)))
    """,
)

TOML = Language(
    name="toml",
    suffixes=(".toml",),
    names=("Pipfile",),
    comment="#",
    module="tree_sitter_toml",
    query="""
    (document (pair . (_) @name) @definition.key)
    (document (table . (_) @name) @definition.key)
    (document (table_array_element . (_) @name) @definition.key)
    """,
)

ROWS = (SQL, JSON, YAML, TOML)
