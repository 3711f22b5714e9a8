"""Compiled loops and nothing else."""
