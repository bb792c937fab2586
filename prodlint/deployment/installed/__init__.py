"""Whether what a process needs is there: distributions, modules, packages of the system."""
