"""Checks that a codec's author runs on his own codec."""
