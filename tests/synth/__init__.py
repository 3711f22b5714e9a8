"""Tests of recipes and their bytes."""
