"""How names work in Go."""

from spark_lsp.core.foresight.naming.row import Edge, Naming, edges, words

GO = Naming(
    names=words("identifier type_identifier field_identifier package_identifier"),
    edges=edges(
        outer="function_declaration.name type_spec.name type_alias.name",
        near="""short_var_declaration.left var_spec.name const_spec.name parameter_declaration.name
            variadic_parameter_declaration.name type_switch_statement.alias
            type_parameter_declaration.name""",
        alias="import_spec.name",
        define="method_declaration.name method_elem.name field_declaration.name",
        access="selector_expression.field qualified_type.name keyed_element.key",
        through="expression_list.identifier literal_element.identifier",
        nothing="package_clause.package_identifier",
    ),
    declared={
        "range_clause.left": {":=": Edge.NEAR},
        "receive_statement.left": {":=": Edge.NEAR},
    },
    objects={"selector_expression.field": "operand", "qualified_type.name": "package"},
    literals={"keyed_element.key": ("composite_literal", "type")},
    tables=words("map_type"),
    scopes=words(
        """function_declaration method_declaration func_literal function_type method_elem block
        if_statement for_statement expression_switch_statement type_switch_statement
        expression_case default_case type_case communication_case type_alias"""
    ),
    functions=words("function_declaration method_declaration func_literal"),
    merged=words("function_declaration.body method_declaration.body func_literal.body"),
    after=words("short_var_declaration var_spec const_spec range_clause receive_statement"),
    classes={"type_spec": "name"},
    owners={"method_declaration": "receiver"},
    spread=True,
    invocations={"call_expression": "function"},
    imports=words("import_spec"),
    mates=True,
)
