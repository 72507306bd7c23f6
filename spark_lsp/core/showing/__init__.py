"""What is worth showing of what a model writes, and how much of it at a time.

Pure: text, syntax and a place in, a beginning of the text out.
"""
