"""Runs work over chunks."""
