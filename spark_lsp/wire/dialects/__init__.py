"""The ways to ask a server over HTTP, one module each: `wire_api` in the settings."""
