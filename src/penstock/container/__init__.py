"""The bytes of `.pstk` files, to structures and back; knows no files and no threads."""
