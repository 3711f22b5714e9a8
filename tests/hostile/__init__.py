"""Damage, lies, bombs, kills and faults: the data is right or the error is typed."""
