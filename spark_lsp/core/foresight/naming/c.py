"""How names work in C and C++."""

from dataclasses import replace

from spark_lsp.core.foresight.naming.row import Edge, Naming, edges, words

_DECLARATORS = """init_declarator.declarator pointer_declarator.declarator
    array_declarator.declarator function_declarator.declarator reference_declarator.identifier
    reference_declarator.function_declarator parenthesized_declarator.identifier
    parenthesized_declarator.pointer_declarator structured_binding_declarator.identifier"""

C = Naming(
    names=words("identifier type_identifier field_identifier namespace_identifier"),
    edges=edges(
        outer="function_definition.declarator",
        near="""declaration.declarator parameter_declaration.declarator
            optional_parameter_declaration.declarator for_range_loop.declarator
            parameter_list.identifier type_definition.declarator alias_declaration.name
            enumerator.name""",
        file="""preproc_def.name preproc_function_def.name struct_specifier.name
            union_specifier.name enum_specifier.name class_specifier.name
            namespace_definition.name concept_definition.name""",
        doubt="""type_parameter_declaration.type_identifier preproc_params.identifier
            optional_type_parameter_declaration.name""",
        define="field_declaration.declarator field_initializer.field_identifier",
        access="field_expression.field qualified_identifier.name",
        through=_DECLARATORS,
        nothing="field_designator.field_identifier using_declaration.identifier",
    ),
    objects={"field_expression.field": "argument", "qualified_identifier.name": "scope"},
    scopes=words(
        """function_definition function_declarator compound_statement for_statement for_range_loop
        lambda_expression catch_clause if_statement while_statement switch_statement
        namespace_definition template_declaration"""
    ),
    functions=words("function_definition lambda_expression"),
    # A declarator is a scope for the parameters of what is only declared.
    merged=words(
        """function_definition.declarator function_definition>pointer_declarator.declarator
        function_definition>reference_declarator.function_declarator function_definition.body
        lambda_expression.body catch_clause.body"""
    ),
    outside=words("for_range_loop.right"),
    after=words("identifier"),
    classes={"struct_specifier": "name", "union_specifier": "name"},
    gives=True,
    spread=True,
    invocations={"call_expression": "function"},
    opaque=words("preproc_arg"),
    imports=words("preproc_include"),
    headers=True,
)

CPP = replace(
    C,
    edges={
        **C.edges,
        # A scoped enumeration has members.
        "enumerator.name": Edge.DOUBT,
        "function_declarator>qualified_identifier.name": Edge.DEFINE,
    },
    modules=words("namespace_definition"),
    classes={**C.classes, "class_specifier": "name"},
    owners={"function_definition": "declarator"},
    implicit=True,
    overloads=True,
    selves=words("this"),
)
