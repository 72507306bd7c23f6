"""Does: asyncio, processes, files and sockets live here only."""
