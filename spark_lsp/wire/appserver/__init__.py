"""The protocol of `codex app-server`, the client's half, without I/O.

`calls` is what we say, `told` what is said to us, `reports` what that means in the words of
`core.tasks`. JSON-RPC without its "jsonrpc" member, one message a line, both ways. Source:
`codex app-server generate-json-schema` of 0.169, and responses-protocol.md §2.
"""
