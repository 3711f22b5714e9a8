"""Benchmarks, loaded only when asked for."""
