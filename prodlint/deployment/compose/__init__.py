"""Compose: files that are merged, the sets that commands name, the variables of a service."""
