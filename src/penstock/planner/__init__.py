"""Looks at data and chooses how it is to be encoded."""
