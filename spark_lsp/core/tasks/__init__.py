"""Tasks: wide instructions that are carried out beside the person, and offered when done."""
