"""Static evaluation of Python in three values; `interpreter` is the way in, loaded by those that ask."""
