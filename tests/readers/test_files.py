"""Every reader has its files in the table, and the table names only readers."""

from __future__ import annotations

import importlib
import pkgutil

import prodlint.readers
from prodlint.readers import readers


def test_the_table_of_files_names_every_module_that_reads() -> None:
    modules = [info.name for info in pkgutil.iter_modules(prodlint.readers.__path__)]
    reading = [name for name in modules if hasattr(importlib.import_module(f"prodlint.readers.{name}"), "read")]
    assert [reader.name for reader in readers()] == sorted(reading)
