"""Play: a page in which the reader plays with the two-dimensional game while it is trained."""
