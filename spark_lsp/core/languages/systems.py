"""Languages that are compiled to the machine: Go, Rust, C, C++, Zig."""

from spark_lsp.core.languages.row import Language

GO = Language(
    name="go",
    suffixes=(".go",),
    comment="//",
    module="tree_sitter_go",
    query="""
    (function_declaration name: (identifier) @name) @definition.function
    (method_declaration name: (field_identifier) @name) @definition.method
    (type_spec name: (type_identifier) @name) @definition.type
    (type_spec name: (type_identifier) @name
      type: (struct_type (field_declaration_list) @body)) @definition.struct
    (type_spec name: (type_identifier) @name
      type: (interface_type "{" @body)) @definition.interface
    (type_alias name: (type_identifier) @name) @definition.type
    (method_elem name: (field_identifier) @name) @definition.method
    (source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
    (source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
    (source_file (var_declaration
      (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))
    (import_spec) @import
    """,
)

RUST = Language(
    name="rust",
    suffixes=(".rs",),
    comment="//",
    module="tree_sitter_rust",
    query="""
    (function_item name: (identifier) @name) @definition.function
    (function_signature_item name: (identifier) @name) @definition.function
    (struct_item name: (type_identifier) @name) @definition.struct
    (union_item name: (type_identifier) @name) @definition.struct
    (enum_item name: (type_identifier) @name) @definition.enum
    (trait_item name: (type_identifier) @name) @definition.interface
    (impl_item type: (type_identifier) @name) @definition.extension
    (impl_item type: (generic_type type: (type_identifier) @name)) @definition.extension
    (type_item name: (type_identifier) @name) @definition.type
    (associated_type name: (type_identifier) @name) @definition.type
    (const_item name: (identifier) @name) @definition.constant
    (static_item name: (identifier) @name) @definition.variable
    (mod_item name: (identifier) @name) @definition.module
    (macro_definition name: (identifier) @name) @definition.macro
    (use_declaration) @import
    (extern_crate_declaration) @import
    """,
)

# What stands between a definition and the name of the function, for up to two stars.
_C_FUNCTION = """
({0} declarator: (function_declarator declarator: (identifier) @name)) @definition.function
({0} declarator: (pointer_declarator declarator:
  (function_declarator declarator: (identifier) @name))) @definition.function
({0} declarator: (pointer_declarator declarator: (pointer_declarator declarator:
  (function_declarator declarator: (identifier) @name)))) @definition.function
"""

_C = f"""
{_C_FUNCTION.format("function_definition")}
{_C_FUNCTION.format("declaration")}
(struct_specifier name: (type_identifier) @name body: (_)) @definition.struct
(union_specifier name: (type_identifier) @name body: (_)) @definition.struct
(enum_specifier name: (type_identifier) @name body: (_)) @definition.enum
(type_definition declarator: (type_identifier) @name) @definition.type
(type_definition declarator:
  (pointer_declarator declarator: (type_identifier) @name)) @definition.type
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator
  (pointer_declarator declarator: (type_identifier) @name)))) @definition.type
(type_definition type: (struct_specifier body: (_) @body)
  declarator: (type_identifier) @name) @definition.struct
(type_definition type: (enum_specifier body: (_) @body)
  declarator: (type_identifier) @name) @definition.enum
(translation_unit (declaration declarator: [
  (identifier) @name
  (array_declarator declarator: (identifier) @name)
  (pointer_declarator declarator: (identifier) @name)
  (init_declarator declarator: (identifier) @name)
  (init_declarator declarator: (array_declarator declarator: (identifier) @name))
  (init_declarator declarator: (pointer_declarator declarator: (identifier) @name))
  (function_declarator declarator: (parenthesized_declarator
    (pointer_declarator declarator: (identifier) @name)))]) @definition.variable)
(preproc_def name: (identifier) @name) @definition.macro
(preproc_function_def name: (identifier) @name value: (_) @body) @definition.macro
(preproc_include) @import
"""

C = Language(
    name="c",
    suffixes=(".c", ".h"),
    comment="//",
    module="tree_sitter_c",
    query=_C,
)

_MEMBER = """
({0} declarator: (function_declarator declarator: {1} @name)) @definition.method
({0} declarator: (pointer_declarator
  declarator: (function_declarator declarator: {1} @name))) @definition.method
({0} declarator: (reference_declarator
  (function_declarator declarator: {1} @name))) @definition.method
"""
_MEMBER_NAME = """[
  (qualified_identifier) (field_identifier) (operator_name) (destructor_name)]"""

CPP = Language(
    name="cpp",
    suffixes=(
        ".cpp",
        ".cc",
        ".cxx",
        ".c++",
        ".hpp",
        ".hh",
        ".hxx",
        ".h++",
        ".ipp",
        ".inl",
        ".tpp",
    ),
    comment="//",
    module="tree_sitter_cpp",
    query=f"""
    {_C}
    (class_specifier name: (_) @name body: (_)) @definition.class
    (struct_specifier name: (template_type) @name body: (_)) @definition.struct
    (namespace_definition name: (_) @name) @definition.module
    (function_definition declarator: (reference_declarator
      (function_declarator declarator: (identifier) @name))) @definition.function
    {_MEMBER.format("function_definition", _MEMBER_NAME)}
    {_MEMBER.format("field_declaration", _MEMBER_NAME)}
    {_MEMBER.format("declaration", "[(operator_name) (destructor_name)]")}
    (declaration_list (declaration
      declarator: (init_declarator declarator: (identifier) @name)) @definition.variable)
    (alias_declaration name: (type_identifier) @name) @definition.type
    (concept_definition name: (identifier) @name) @definition.type
    (template_declaration (class_specifier name: (_) @name body: (_) @body)) @definition.class
    (template_declaration (struct_specifier name: (_) @name body: (_) @body)) @definition.struct
    (template_declaration (function_definition
      declarator: (function_declarator declarator: (identifier) @name)
      body: (_) @body)) @definition.function
    (template_declaration (function_definition
      declarator: (function_declarator declarator: {_MEMBER_NAME} @name)
      body: (_) @body)) @definition.method
    (template_declaration (declaration
      declarator: (function_declarator declarator: (identifier) @name))) @definition.function
    """,
    separator="::",
    depth=16,
)

ZIG = Language(
    name="zig",
    suffixes=(".zig", ".zon"),
    comment="//",
    module="tree_sitter_zig",
    query="""
    (source_file (variable_declaration . (identifier) @name) @definition.variable)
    (source_file (variable_declaration "const" . (identifier) @name) @definition.constant)
    (variable_declaration . (identifier) @name
      (struct_declaration "{" @body)) @definition.struct
    (variable_declaration . (identifier) @name
      (union_declaration "{" @body)) @definition.struct
    (variable_declaration . (identifier) @name
      (opaque_declaration "{" @body)) @definition.struct
    (variable_declaration . (identifier) @name
      (enum_declaration "{" @body)) @definition.enum
    (variable_declaration . (identifier) @name
      (error_set_declaration "{" @body)) @definition.enum
    (function_declaration name: (identifier) @name) @definition.function
    (test_declaration (string (string_content) @name) (block) @body) @definition.function
    (variable_declaration . (identifier) @imported
      (builtin_function (builtin_identifier) @word)) @import
    """,
    words={"@import": "import", "@cImport": "import"},
)

ROWS = (GO, RUST, C, CPP, ZIG)
