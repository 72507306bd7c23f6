"""How names work in Rust."""

from spark_lsp.core.foresight.naming.row import Naming, edges, words

_PATTERNS = (
    "captured_pattern",
    "field_pattern",
    "match_pattern",
    "mut_pattern",
    "or_pattern",
    "ref_pattern",
    "reference_pattern",
    "slice_pattern",
    "struct_pattern",
    "tuple_pattern",
    "tuple_struct_pattern",
)
_NESTED = " ".join(f"{one}.{other}" for one in _PATTERNS for other in ("identifier", *_PATTERNS))

RUST = Naming(
    names=words("identifier type_identifier field_identifier shorthand_field_identifier"),
    edges=edges(
        outer="""function_item.name function_signature_item.name struct_item.name enum_item.name
            union_item.name trait_item.name type_item.name const_item.name static_item.name
            mod_item.name macro_definition.name associated_type.name""",
        near="""let_declaration.pattern let_condition.pattern parameter.pattern
            closure_parameters.identifier closure_parameters.tuple_pattern
            closure_parameters.reference_pattern closure_parameters.struct_pattern
            for_expression.pattern match_arm.pattern""",
        doubt="type_parameter.name const_parameter.name",
        import_="""use_declaration.argument use_list.identifier use_list>scoped_identifier.name
            use_declaration>scoped_identifier.name""",
        alias="use_as_clause.alias",
        source="use_as_clause.path use_as_clause>scoped_identifier.name",
        define="enum_variant.name field_declaration.name",
        access="""field_expression.field scoped_identifier.name scoped_type_identifier.name
            field_initializer.field field_pattern.name=field_identifier""",
        through=f"""{_NESTED} field_pattern.pattern
            field_pattern.name=shorthand_field_identifier""",
        nothing="""lifetime.identifier label.identifier use_wildcard.identifier
            scoped_use_list.path""",
    ),
    objects={
        "field_expression.field": "value",
        "scoped_identifier.name": "path",
        "scoped_type_identifier.name": "path",
    },
    literals={
        "field_initializer.field": ("struct_expression", "name"),
        "field_pattern.name": ("struct_pattern", "type"),
    },
    scopes=words(
        """function_item function_signature_item closure_expression block match_arm for_expression
        if_expression while_expression mod_item type_item"""
    ),
    functions=words("function_item closure_expression"),
    outside=words("for_expression.value if_expression.alternative"),
    after=words("let_declaration let_condition"),
    renews=words("let_declaration let_condition"),
    classes={
        "impl_item": "type",
        "trait_item": "name",
        "struct_item": "name",
        "enum_item": "name",
        "union_item": "name",
    },
    gives=True,
    spread=True,
    selves=words("self Self"),
    invocations={"call_expression": "function"},
    shorthands=words("shorthand_field_identifier shorthand_field_initializer.identifier"),
    constants=True,
    tokens="token_tree",
    modules=words("mod_item"),
    imports=words("use_declaration"),
)
