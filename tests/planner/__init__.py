"""Tests of what looks at data and chooses."""
