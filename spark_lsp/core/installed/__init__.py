"""What of the installed dependencies of a workspace is worth learning, as far as names decide.

Owns what a text imports of others (`imports`), which files of a package are taken, in which order
and how many (`files`), and what manifests say of versions (`versions`). What is on disk is found by
`server.dependencies`.
"""
