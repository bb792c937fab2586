"""Pods: what several containers share that run in one."""
