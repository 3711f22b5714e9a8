"""Sources and sinks of every kind, with something at their other end."""

import io
import os
import socket
import threading


class Feed:
    """Bytes that come through a descriptor, from a thread."""

    def __init__(self, data, out):
        self.thread = threading.Thread(target=self._write, args=(memoryview(data), out))
        self.thread.start()

    def _write(self, data, out):
        while data:
            data = data[os.write(out, data[:70_000]) :]
        os.close(out)


class Drain:
    """What comes out of a descriptor."""

    def __init__(self, source):
        self.found = b""
        self.thread = threading.Thread(target=self._read, args=(source,))
        self.thread.start()

    def _read(self, source):
        parts = []
        while part := os.read(source, 65_536):
            parts.append(part)
        os.close(source)
        self.found = b"".join(parts)

    def result(self):
        self.thread.join()
        return self.found


class OnlyRead:
    """A source that gives what it likes."""

    def __init__(self, data):
        self.stream = io.BytesIO(data)

    def read(self, size):
        return self.stream.read(min(size, 777))


class OnlyWrite:
    """A sink that takes what it likes."""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        part = bytes(data[:999])
        self.data += part
        return len(part)


SOURCES = ["path", "str", "descriptor", "file", "unbuffered", "BytesIO", "reader", "pipe", "fifo", "socket"]
SINKS = ["path", "descriptor", "file", "BytesIO", "writer", "pipe"]


def from_source(kind, data, folder, act):
    """Do it with a source of that kind, which holds `data`."""
    path = folder / "in"
    if kind == "fifo":
        os.mkfifo(path)
        feeder = threading.Thread(target=path.write_bytes, args=(data,))
        feeder.start()
        act(path)
        feeder.join()
    elif kind == "socket":
        ours, theirs = socket.socketpair()
        with ours:
            feed = Feed(data, theirs.detach())
            act(ours)
            feed.thread.join()
    elif kind == "pipe":
        out, into = os.pipe()
        feed = Feed(data, into)
        act(out)
        feed.thread.join()
        os.close(out)
    elif kind in ("BytesIO", "reader"):
        act(io.BytesIO(data) if kind == "BytesIO" else OnlyRead(data))
    else:
        path.write_bytes(data)
        with path.open("rb", buffering=0 if kind == "unbuffered" else -1) as file:
            act({"path": path, "str": str(path), "descriptor": file.fileno()}.get(kind, file))


def to_sink(kind, folder, act):
    """Do it with a sink of that kind; return what came to it."""
    path = folder / "out"
    if kind == "path":
        act(path)
        return path.read_bytes()
    if kind == "BytesIO":
        act(sink := io.BytesIO())
        return sink.getvalue()
    if kind == "writer":
        act(sink := OnlyWrite())
        return bytes(sink.data)
    if kind in ("descriptor", "file"):
        with path.open("wb") as file:
            file.write(b"before ")
            if kind == "descriptor":
                file.flush()
            act(file.fileno() if kind == "descriptor" else file)
            file.write(b" after")
        found = path.read_bytes()
        assert found[:7] + found[-6:] == b"before  after"
        return found[7:-6]
    ours, theirs = socket.socketpair() if kind == "socket" else (None, None)
    out, into = (theirs.detach(), ours) if kind == "socket" else os.pipe()
    drain = Drain(out)
    try:
        act(into)
    finally:
        ours.close() if ours else os.close(into)
    return drain.result()
