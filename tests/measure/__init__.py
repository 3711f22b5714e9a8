"""Tests of ratios, duplicates and certificates."""
