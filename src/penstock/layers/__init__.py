"""One file a codec: what turns a stream of bytes into fewer bytes and back."""
