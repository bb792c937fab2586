"""The built-in rules: the first plugin, written against prodlint.rule alone. Installed as prodlint.rules."""
