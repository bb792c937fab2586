"""Pipelines, and how new code goes live: jobs, conditions, builds, pushes, and what each step does."""
