"""Languages that are run from their source: Python, Ruby, PHP, the shell, Lua."""

from spark_lsp.core.languages.row import Language

PYTHON = Language(
    name="python",
    suffixes=(".py", ".pyi", ".pyw"),
    names=("SConstruct", "SConscript"),
    comment="#",
    module="tree_sitter_python",
    query="""
    (function_definition name: (identifier) @name) @definition.function
    (class_definition name: (identifier) @name) @definition.class
    (module (expression_statement (assignment left: [
      (identifier) @name
      (pattern_list (identifier) @name)]) @definition.variable))
    (module (if_statement consequence: (block (expression_statement
      (assignment left: (identifier) @name) @definition.variable))))
    (module (if_statement alternative: (else_clause body: (block (expression_statement
      (assignment left: (identifier) @name) @definition.variable)))))
    (module (try_statement body: (block (expression_statement
      (assignment left: (identifier) @name) @definition.variable))))
    (module (try_statement (except_clause (block (expression_statement
      (assignment left: (identifier) @name) @definition.variable)))))
    (type_alias_statement left: (type [
      (identifier) @name
      (generic_type (identifier) @name)])) @definition.type
    (import_statement) @import
    (import_from_statement) @import
    """,
    # Deep enough for a function in a method of a class in a function; one definition in a hundred
    # of Django's stands deeper.
    depth=8,
)

RUBY = Language(
    name="ruby",
    suffixes=(".rb", ".rake", ".gemspec", ".ru", ".rbi"),
    names=(
        "Brewfile",
        "Capfile",
        "Dangerfile",
        "Fastfile",
        "Gemfile",
        "Guardfile",
        "Podfile",
        "Rakefile",
        "Vagrantfile",
    ),
    comment="#",
    module="tree_sitter_ruby",
    query="""
    (method name: (_) @name) @definition.function
    (module body: (body_statement (method name: (_) @name) @definition.method))
    (singleton_method name: (_) @name) @definition.method
    (class name: (_) @name) @definition.class
    (module name: (_) @name) @definition.module
    (assignment left: (constant) @name) @definition.constant
    (call method: (identifier) @word
      arguments: (argument_list (simple_symbol) @name)) @definition
    (call method: (identifier) @word arguments: (argument_list)) @import
    """,
    # Of symbols, too: `:items`.
    separator=":",
    words={
        "attr_accessor": "property",
        "attr_reader": "property",
        "attr_writer": "property",
        "define_method": "method",
        "autoload": "import",
        "load": "import",
        "require": "import",
        "require_relative": "import",
    },
)

PHP = Language(
    name="php",
    suffixes=(".php", ".phtml", ".php5", ".phps"),
    comment="//",
    module="tree_sitter_php",
    function="language_php",
    query="""
    (namespace_definition name: (_) @name) @definition.module
    (function_definition name: (name) @name) @definition.function
    (class_declaration name: (name) @name) @definition.class
    (interface_declaration name: (name) @name) @definition.interface
    (trait_declaration name: (name) @name) @definition.class
    (enum_declaration name: (name) @name) @definition.enum
    (method_declaration name: (name) @name) @definition.method
    (const_declaration (const_element . (name) @name)) @definition.constant
    (function_call_expression function: (name) @word
      arguments: (arguments . (argument (string (string_content) @name)))) @definition
    (namespace_use_declaration) @import
    (include_expression) @import
    (include_once_expression) @import
    (require_expression) @import
    (require_once_expression) @import
    """,
    words={"define": "constant"},
    decorators=frozenset({"attribute_list"}),
    separator="\\",
)

BASH = Language(
    name="bash",
    ids=("shellscript", "sh", "zsh"),
    suffixes=(".sh", ".bash", ".zsh", ".ksh", ".bats"),
    names=(
        ".bash_aliases",
        ".bash_login",
        ".bash_logout",
        ".bash_profile",
        ".bashrc",
        ".envrc",
        ".profile",
        ".xprofile",
        ".zprofile",
        ".zshenv",
        ".zshrc",
        "APKBUILD",
        "PKGBUILD",
    ),
    comment="#",
    module="tree_sitter_bash",
    query="""
    (function_definition name: (word) @name) @definition.function
    (program (variable_assignment name: (variable_name) @name) @definition.variable)
    (program (declaration_command
      (variable_assignment name: (variable_name) @name)) @definition.variable)
    (command name: (command_name (word) @word)) @import
    """,
    words={"source": "import", ".": "import"},
)

LUA = Language(
    name="lua",
    suffixes=(".lua",),
    names=(".luacheckrc",),
    comment="--",
    module="tree_sitter_lua",
    query="""
    (chunk (variable_declaration
      (assignment_statement (variable_list name: (identifier) @name))) @definition.variable)
    (chunk (assignment_statement
      (variable_list name: (identifier) @name)) @definition.variable)
    (function_declaration name: [
      (identifier) @name
      (dot_index_expression field: (identifier) @name)]) @definition.function
    (function_declaration
      name: (method_index_expression method: (identifier) @name)) @definition.method
    (assignment_statement
      (variable_list . name: [
        (identifier) @name
        (dot_index_expression field: (identifier) @name)] .)
      (expression_list . value: (function_definition body: (block) @body))) @definition.function
    (field name: (identifier) @name
      value: (function_definition body: (block) @body)) @definition.function
    (chunk (variable_declaration (assignment_statement
      (variable_list name: (identifier) @imported)
      (expression_list value: (function_call name: (identifier) @word)))) @import)
    (chunk (function_call name: (identifier) @word) @import)
    """,
    words={"dofile": "import", "loadfile": "import", "require": "import"},
)

ROWS = (PYTHON, RUBY, PHP, BASH, LUA)
