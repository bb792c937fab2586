"""How a fact is written anew where it stands: words, options, requirements, hooks."""
