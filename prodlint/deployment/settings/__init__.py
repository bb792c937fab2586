"""The settings modules of apps: which one a process uses, and where its values come from."""
