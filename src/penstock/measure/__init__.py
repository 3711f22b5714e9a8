"""Ratios, duplicates and certificates of data."""
