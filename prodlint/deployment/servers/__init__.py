"""Servers and workers: what each product is told, by its words, files, variables and Python, laid over one another."""
