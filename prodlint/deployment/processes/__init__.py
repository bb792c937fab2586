"""How the program of a container starts, stays and stops: forms of commands, signals, supervisors."""
