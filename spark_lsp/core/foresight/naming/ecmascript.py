"""How names work in JavaScript and TypeScript."""

from spark_lsp.core.foresight.naming.row import Edge, Naming, edges, words

_FUNCTIONS = words(
    """function_declaration function_expression arrow_function method_definition
    generator_function generator_function_declaration function_signature method_signature
    abstract_method_signature function_type constructor_type call_signature construct_signature
    class_static_block"""
)

ECMASCRIPT = Naming(
    names=words(
        """identifier property_identifier shorthand_property_identifier
        shorthand_property_identifier_pattern type_identifier"""
    ),
    edges=edges(
        outer="""function_declaration.name generator_function_declaration.name
            class_declaration.name abstract_class_declaration.name function_signature.name
            interface_declaration.name type_alias_declaration.name enum_declaration.name""",
        near="""function_expression.name generator_function.name class.name catch_clause.parameter
            lexical_declaration>variable_declarator.name formal_parameters.identifier
            formal_parameters.assignment_pattern formal_parameters.rest_pattern
            formal_parameters.object_pattern formal_parameters.array_pattern
            arrow_function.parameter required_parameter.pattern optional_parameter.pattern""",
        function="variable_declaration>variable_declarator.name",
        # A parameter behind `private` is a member as well.
        doubt="""required_parameter.pattern+ optional_parameter.pattern+ type_parameter.name
            internal_module.name module.name import_alias.identifier mapped_type_clause.name
            import_require_clause.identifier infer_type.type_identifier""",
        import_="import_specifier.name",
        alias="import_specifier.alias import_clause.identifier namespace_import.identifier",
        define="""method_definition.name field_definition.property public_field_definition.name
            property_signature.name method_signature.name abstract_method_signature.name
            enum_body.name enum_assignment.name""",
        access="member_expression.property nested_type_identifier.name",
        through="""object_pattern.shorthand_property_identifier_pattern object_pattern.pair_pattern
            object_pattern.object_assignment_pattern object_pattern.rest_pattern
            object_assignment_pattern.left pair_pattern.value array_pattern.identifier
            array_pattern.object_pattern array_pattern.array_pattern
            array_pattern.assignment_pattern array_pattern.rest_pattern rest_pattern.identifier
            rest_pattern.array_pattern rest_pattern.object_pattern assignment_pattern.left""",
        nothing="""pair.key pair_pattern.key jsx_attribute.property_identifier
            object>method_definition.name object_type>property_signature.name
            object_type>method_signature.name nested_identifier.property export_specifier.alias""",
    ),
    declared={
        "for_in_statement.left": {"const": Edge.NEAR, "let": Edge.NEAR, "var": Edge.FUNCTION}
    },
    objects={"member_expression.property": "object", "nested_type_identifier.name": "module"},
    scopes=_FUNCTIONS
    | words("statement_block for_statement for_in_statement catch_clause switch_body"),
    functions=_FUNCTIONS,
    merged=words(
        """function_declaration.body function_expression.body arrow_function.body
        method_definition.body generator_function.body generator_function_declaration.body
        catch_clause.body class_static_block.body"""
    ),
    outside=words("for_in_statement.right"),
    classes={
        "class_declaration": "name",
        "abstract_class_declaration": "name",
        "class": "name",
        "interface_declaration": "name",
        "enum_declaration": "name",
    },
    selves=words("this"),
    strangers=words(
        """function_declaration function_expression generator_function
        generator_function_declaration object.method_definition"""
    ),
    invocations={"call_expression": "function", "new_expression": "constructor"},
    shorthands=words("shorthand_property_identifier shorthand_property_identifier_pattern"),
    tags=words("jsx_opening_element.name jsx_closing_element.name jsx_self_closing_element.name"),
    imports=words("import_statement export_statement"),
    exports=True,
)
