"""Tests of penstock.bench."""
