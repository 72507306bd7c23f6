"""Languages of documents: HTML, CSS, Markdown."""

from spark_lsp.core.languages.row import Language

HTML = Language(
    name="html",
    suffixes=(".html", ".htm", ".xhtml"),
    block=("<!--", "-->"),
    module="tree_sitter_html",
    query="""
    (element (start_tag (tag_name) @word) . (text) @name) @definition
    (element (_ (attribute (attribute_name) @word
      (quoted_attribute_value (attribute_value) @name)))) @definition
    (element (_ (attribute (attribute_name) @word (attribute_value) @name))) @definition
    (script_element (start_tag (attribute (attribute_name) @word)) @import)
    (element (start_tag (tag_name) @word) @import)
    (element (self_closing_tag (tag_name) @word) @import)
    """,
    words={
        "h1": "heading",
        "h2": "heading",
        "h3": "heading",
        "h4": "heading",
        "h5": "heading",
        "h6": "heading",
        "id": "element",
        "link": "import",
        "src": "import",
    },
    depth=64,
)

CSS = Language(
    name="css",
    suffixes=(".css",),
    block=("/*", "*/"),
    module="tree_sitter_css",
    query="""
    (rule_set (selectors) @name (block) @body) @definition.rule
    (keyframes_statement
      (keyframes_name) @name (keyframe_block_list) @body) @definition.rule
    (import_statement) @import
    """,
)

MARKDOWN = Language(
    name="markdown",
    suffixes=(".md", ".markdown", ".mdown", ".mkd"),
    block=("<!--", "-->"),
    module="tree_sitter_markdown",
    query="""
    (section . (atx_heading heading_content: (inline) @name)) @definition.heading
    (setext_heading heading_content: (paragraph) @name) @definition.heading
    """,
)

ROWS = (HTML, CSS, MARKDOWN)
