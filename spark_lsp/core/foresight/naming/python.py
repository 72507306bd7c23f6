"""How names work in Python."""

import builtins

from spark_lsp.core.foresight.naming.row import Naming, edges, words

PYTHON = Naming(
    names=words("identifier"),
    edges=edges(
        outer="function_definition.name class_definition.name",
        near="""parameters.identifier lambda_parameters.identifier default_parameter.name
            typed_parameter.identifier typed_default_parameter.name parameters.list_splat_pattern
            lambda_parameters.list_splat_pattern typed_parameter.list_splat_pattern
            parameters.dictionary_splat_pattern lambda_parameters.dictionary_splat_pattern
            typed_parameter.dictionary_splat_pattern for_in_clause.left""",
        function="""assignment.left augmented_assignment.left named_expression.name
            for_statement.left as_pattern.alias as_pattern.identifier+ case_pattern.dotted_name
            keyword_pattern.dotted_name splat_pattern.identifier type_alias_statement.left
            delete_statement.identifier delete_statement.expression_list""",
        doubt="class_definition>type_parameter.type function_definition>type_parameter.type",
        import_="import_statement.name import_from_statement.name",
        alias="aliased_import.alias",
        source="aliased_import.name",
        access="attribute.attribute",
        keyword="keyword_argument.name",
        global_="global_statement.identifier",
        nonlocal_="nonlocal_statement.identifier",
        through="""pattern_list.identifier pattern_list.list_splat_pattern
            pattern_list.tuple_pattern pattern_list.list_pattern tuple_pattern.identifier
            tuple_pattern.tuple_pattern tuple_pattern.list_pattern tuple_pattern.list_splat_pattern
            list_pattern.identifier list_pattern.tuple_pattern list_pattern.list_pattern
            list_pattern.list_splat_pattern list_splat_pattern.identifier
            dictionary_splat_pattern.identifier dotted_name.identifier as_pattern_target.identifier
            as_pattern_target.tuple as_pattern_target.list
            as_pattern_target.parenthesized_expression tuple.identifier tuple.tuple
            tuple.list_splat list.identifier list_splat.identifier
            parenthesized_expression.identifier expression_list.identifier type.identifier""",
        nothing="""dotted_name.identifier+ keyword_pattern.identifier
            import_from_statement.module_name relative_import.dotted_name""",
    ),
    objects={"attribute.attribute": "object"},
    scopes=words(
        """function_definition lambda list_comprehension dictionary_comprehension
        set_comprehension generator_expression"""
    ),
    functions=words("function_definition lambda class_definition"),
    outside=words(
        """default_parameter.value typed_parameter.type typed_default_parameter.type
        typed_default_parameter.value function_definition.return_type
        class_definition.superclasses"""
    ),
    leaving=words("for_in_clause.right"),
    classes={"class_definition": "name"},
    gives=True,
    body=True,
    selves=words("self cls"),
    invocations={"call": "function"},
    has_keywords=True,
    dotted=words("dotted_name"),
    quoted=words(
        """type generic_type type_parameter subscript binary_operator union_type list tuple string
        string_content"""
    ),
    verbatim=("Literal", "Annotated", "typing.Literal", "typing.Annotated"),
    imports=words("import_statement import_from_statement future_import_statement"),
    given=frozenset({*dir(builtins), "__file__", "__class__", "__annotations__", "__path__"}),
    wildcard="import *",
)
