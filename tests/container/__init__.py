"""Tests of the bytes of containers."""
