"""Tests of what a person calls."""
