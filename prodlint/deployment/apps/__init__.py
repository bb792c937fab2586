"""From a name to the app behind it, through imports, factories and wrappers; the index of names that this needs."""
