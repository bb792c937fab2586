"""What the text of a file says: one module per language, none of which knows about deployment."""
