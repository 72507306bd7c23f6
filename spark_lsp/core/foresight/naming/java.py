"""How names work in Java."""

from spark_lsp.core.foresight.naming.row import Naming, edges, words

JAVA = Naming(
    names=words("identifier type_identifier"),
    edges=edges(
        outer="""class_declaration.name interface_declaration.name enum_declaration.name
            record_declaration.name annotation_type_declaration.name""",
        near="""local_variable_declaration>variable_declarator.name formal_parameter.name
            spread_parameter>variable_declarator.name catch_formal_parameter.name resource.name
            enhanced_for_statement.name lambda_expression.parameters
            inferred_parameters.identifier""",
        # What a pattern binds holds where the pattern has matched, wherever that is.
        doubt="""instanceof_expression.name type_pattern.identifier
            record_pattern_component.identifier type_parameter.type_identifier""",
        import_="import_declaration>scoped_identifier.name",
        define="""field_declaration>variable_declarator.name method_declaration.name
            enum_constant.name annotation_type_element_declaration.name""",
        access="field_access.field method_invocation.name scoped_type_identifier.type_identifier+",
        nothing="""scoped_identifier.scope scoped_identifier.name labeled_statement.identifier
            break_statement.identifier continue_statement.identifier element_value_pair.key
            switch_label.identifier method_reference.identifier+ package_declaration.identifier""",
    ),
    objects={"field_access.field": "object", "method_invocation.name": "object"},
    scopes=words(
        """method_declaration constructor_declaration compact_constructor_declaration
        lambda_expression block constructor_body for_statement enhanced_for_statement catch_clause
        try_with_resources_statement switch_block_statement_group switch_rule"""
    ),
    functions=words("method_declaration constructor_declaration lambda_expression"),
    merged=words(
        """method_declaration.body constructor_declaration.body lambda_expression.body
        catch_clause.body compact_constructor_declaration.body"""
    ),
    outside=words("enhanced_for_statement.value"),
    after=words("variable_declarator"),
    classes={
        "class_declaration": "name",
        "interface_declaration": "name",
        "enum_declaration": "name",
        "record_declaration": "name",
        "annotation_type_declaration": "name",
    },
    implicit=True,
    selves=words("this"),
    strangers=words("object_creation_expression.class_body enum_constant.body"),
    invocations={"method_invocation": "name", "object_creation_expression": "type"},
    calls=words("method_declaration.name method_invocation.name"),
    imports=words("import_declaration"),
    mates=True,
    overloads=True,
)
