"""Spells: backend protocols without I/O.

The Responses API over WebSocket, in reading order: `layout` (prompts as input items), `frames`,
`requests` and `events` (what either side says), `faults` (what errors mean), `lanes` and `outcomes`
under `client`, `emitter` under `server`.
"""
