"""What a command comes to, step by step: through shells, scripts of the repository, recipes and functions."""
