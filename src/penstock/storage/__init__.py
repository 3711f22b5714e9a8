"""Where bytes live; knows no codecs and no recipes."""
