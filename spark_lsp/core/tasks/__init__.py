"""Work that an agent does aside: what it is told, what it may bring back, and where to."""
