"""Languages of classes on a runtime: Java, C#, Kotlin, Scala, Swift."""

from spark_lsp.core.languages.row import Language

JAVA = Language(
    name="java",
    suffixes=(".java",),
    comment="//",
    module="tree_sitter_java",
    query="""
    (class_declaration name: (identifier) @name) @definition.class
    (record_declaration name: (identifier) @name) @definition.class
    (interface_declaration name: (identifier) @name) @definition.interface
    (annotation_type_declaration name: (identifier) @name) @definition.interface
    (enum_declaration name: (identifier) @name) @definition.enum
    (method_declaration name: (identifier) @name) @definition.method
    (annotation_type_element_declaration name: (identifier) @name) @definition.method
    (constructor_declaration name: (identifier) @name) @definition.method
    (compact_constructor_declaration name: (identifier) @name) @definition.method
    (import_declaration) @import
    """,
    decorators=frozenset({"annotation", "marker_annotation"}),
)

CSHARP = Language(
    name="csharp",
    ids=("cs",),
    suffixes=(".cs", ".csx"),
    comment="//",
    module="tree_sitter_c_sharp",
    query="""
    (namespace_declaration name: (_) @name) @definition.module
    (file_scoped_namespace_declaration name: (_) @name) @definition.module
    (class_declaration name: (identifier) @name) @definition.class
    (record_declaration name: (identifier) @name) @definition.class
    (struct_declaration name: (identifier) @name) @definition.struct
    (interface_declaration name: (identifier) @name) @definition.interface
    (enum_declaration name: (identifier) @name) @definition.enum
    (delegate_declaration name: (identifier) @name) @definition.type
    (method_declaration name: (identifier) @name) @definition.method
    (constructor_declaration name: (identifier) @name) @definition.method
    (destructor_declaration name: (identifier) @name) @definition.method
    (operator_declaration operator: _ @name) @definition.method
    (property_declaration name: (identifier) @name) @definition.property
    (property_declaration name: (identifier) @name accessors: (_) @body) @definition.property
    (property_declaration name: (identifier) @name value: (_) @body) @definition.property
    (local_function_statement name: (identifier) @name) @definition.function
    (using_directive) @import
    """,
    decorators=frozenset({"attribute_list"}),
    separator=".",
)

KOTLIN = Language(
    name="kotlin",
    suffixes=(".kt", ".kts"),
    comment="//",
    module="tree_sitter_kotlin",
    query="""
    (class_declaration name: (identifier) @name) @definition.class
    (class_declaration name: (identifier) @name (class_body) @body) @definition.class
    (class_declaration name: (identifier) @name (enum_class_body) @body) @definition.enum
    (class_declaration "interface" name: (identifier) @name) @definition.interface
    (class_declaration "interface"
      name: (identifier) @name (class_body) @body) @definition.interface
    (object_declaration name: (identifier) @name) @definition.class
    (object_declaration name: (identifier) @name (class_body) @body) @definition.class
    (companion_object name: (identifier) @name (class_body) @body) @definition.class
    (function_declaration name: (identifier) @name) @definition.function
    (function_declaration name: (identifier) @name (function_body) @body) @definition.function
    (secondary_constructor "constructor" @name) @definition.method
    (secondary_constructor "constructor" @name (block) @body) @definition.method
    (source_file (property_declaration
      (variable_declaration . (identifier) @name)) @definition.variable)
    (class_body (property_declaration
      (variable_declaration . (identifier) @name)) @definition.property)
    (type_alias type: (identifier) @name) @definition.type
    (import) @import
    """,
    decorators=frozenset({"annotation"}),
)

SCALA = Language(
    name="scala",
    suffixes=(".scala", ".sc", ".sbt"),
    comment="//",
    module="tree_sitter_scala",
    query="""
    (class_definition name: (_) @name) @definition.class
    (object_definition name: (_) @name) @definition.class
    (package_object name: (_) @name) @definition.module
    (trait_definition name: (_) @name) @definition.interface
    (enum_definition name: (_) @name) @definition.enum
    (type_definition name: (_) @name) @definition.type
    (function_definition name: (_) @name) @definition.function
    (function_declaration name: (_) @name) @definition.function
    (given_definition name: (_) @name) @definition.variable
    (compilation_unit (val_definition pattern: (identifier) @name) @definition.variable)
    (compilation_unit (var_definition pattern: (identifier) @name) @definition.variable)
    (template_body (val_definition pattern: (identifier) @name) @definition.property)
    (template_body (var_definition pattern: (identifier) @name) @definition.property)
    (template_body (val_declaration name: (identifier) @name) @definition.property)
    (import_declaration) @import
    """,
    decorators=frozenset({"annotation"}),
)

_SWIFT_PROPERTY = """(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name))"""

SWIFT = Language(
    name="swift",
    suffixes=(".swift",),
    comment="//",
    module="tree_sitter_swift",
    query=f"""
    (class_declaration declaration_kind: "class" name: (type_identifier) @name) @definition.class
    (class_declaration declaration_kind: "actor" name: (type_identifier) @name) @definition.class
    (class_declaration declaration_kind: "struct" name: (type_identifier) @name) @definition.struct
    (class_declaration declaration_kind: "enum" name: (type_identifier) @name) @definition.enum
    (class_declaration declaration_kind: "extension"
      name: (user_type (type_identifier) @name .)) @definition.extension
    (protocol_declaration name: (type_identifier) @name) @definition.interface
    (function_declaration "func" . name: _ @name) @definition.function
    (protocol_function_declaration "func" . name: _ @name) @definition.method
    (init_declaration "init" @name) @definition.method
    (deinit_declaration "deinit" @name) @definition.method
    (subscript_declaration "subscript" @name) @definition.method
    (subscript_declaration "subscript" @name (computed_property) @body) @definition.method
    (typealias_declaration . name: (type_identifier) @name) @definition.type
    (associatedtype_declaration name: (type_identifier) @name) @definition.type
    (source_file {_SWIFT_PROPERTY} @definition.variable)
    (class_body {_SWIFT_PROPERTY} @definition.property)
    (enum_class_body {_SWIFT_PROPERTY} @definition.property)
    (class_body (property_declaration
      name: (pattern bound_identifier: (simple_identifier) @name)
      computed_value: (_) @body) @definition.property)
    (protocol_property_declaration
      name: (pattern bound_identifier: (simple_identifier) @name)) @definition.property
    (import_declaration) @import
    """,
    decorators=frozenset({"attribute"}),
)

ROWS = (JAVA, CSHARP, KOTLIN, SCALA, SWIFT)
