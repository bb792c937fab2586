"""The code that a web process reaches, and what it does there: calls, connections, state, keys."""
