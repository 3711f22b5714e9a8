"""Recipe -> bytes at an offset."""
