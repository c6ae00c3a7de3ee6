"""Parts that several rules share: each has both implementations of one part of a Ray object, or a table of facts."""
