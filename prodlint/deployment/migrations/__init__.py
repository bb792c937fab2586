"""Migrations of databases: the files, their graph, and what applies them."""
