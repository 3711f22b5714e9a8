"""Tests of the threads that run work over chunks."""
