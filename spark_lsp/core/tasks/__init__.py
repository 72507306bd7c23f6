"""Background tasks: what is decided about work that an agent does aside."""
