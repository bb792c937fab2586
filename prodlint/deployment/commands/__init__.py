"""The words of a command: its program behind wrappers and shells, and the grammar of its options."""
