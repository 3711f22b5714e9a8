"""Slow twins of compiled code, written from the specification in plain Python."""
