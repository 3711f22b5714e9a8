"""Keys and passphrases: every way to give one, and none that shows it."""

import argparse
import os
import shlex
import sys

import pytest

from penstock.api.squeeze import compress, decompress
from penstock.cli import keys
from penstock.errors import UsageError

from .command import names
from .squeezed import DATA

KEY = bytes(range(200, 232))
"""Neither text nor hexadecimal digits."""


@pytest.fixture
def cheap(monkeypatch):
    """scrypt at its cheapest."""
    from penstock.container.seal import Secret

    parameters = Secret.parameters
    monkeypatch.setattr(Secret, "parameters", lambda self: parameters(self, 10))


def found(*words, new=False):
    parser = argparse.ArgumentParser()
    keys.add_keys(parser, "x")
    return keys.secret_from(parser.parse_args([str(word) for word in words]), new=new)


def test_none_is_none():
    assert found() == {}


@pytest.mark.parametrize(
    "data", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n", b" \t" + KEY.hex().encode() + b"\r\n"]
)
def test_forms_of_a_key(tmp_path, monkeypatch, data):
    (tmp_path / "a key").write_bytes(data)
    assert found("--key-file", tmp_path / "a key") == {"key": KEY}
    monkeypatch.setitem(os.environb, b"A_KEY", data)
    assert found("--key-env", "A_KEY") == {"key": KEY}
    code = f"import sys; sys.stdout.buffer.write({data!r})"
    assert found("--key-command", shlex.join([sys.executable, "-c", code])) == {"key": KEY}


@pytest.mark.parametrize(
    "data", [b"", b"short", KEY + b"\n", KEY[:31], b"g" * 64, KEY.hex().encode()[:63], b"0" * 99999]
)
def test_what_is_no_key(tmp_path, data):
    (tmp_path / "k").write_bytes(data)
    with pytest.raises(UsageError, match=r"/k: \d+ bytes are no key") as caught:
        found("--key-file", tmp_path / "k")
    said = str(caught.value).replace(str(tmp_path), "")
    assert not data or data[:5].decode(errors="replace") not in said


def test_forms_of_a_passphrase(tmp_path, monkeypatch):
    for data, phrase in (
        (b"open", b"open"), (b"open\n", b"open"), (b"open\r\n", b"open"), (b"two words \n\n", b"two words \n"),
        ("ü\udcff".encode("utf-8", "surrogateescape"), b"\xc3\xbc\xff"),
    ):  # fmt: skip
        (tmp_path / "p").write_bytes(data)
        assert found("--passphrase-file", tmp_path / "p") == {"passphrase": phrase}
    monkeypatch.setitem(os.environb, b"PHRASE", b"open \xff")
    assert found("--passphrase-env", "PHRASE") == {"passphrase": b"open \xff"}
    (tmp_path / "p").write_bytes(b"x" * 99999)
    with pytest.raises(UsageError, match="too long"):
        found("--passphrase-file", tmp_path / "p")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--key-file", "none"], 3, "none: No such file"),
        (["--key-file", "."], 3, "is a folder"),
        (["--passphrase-file", "none"], 3, "none: No such file"),
        (["--passphrase-file", "/dev/null"], 2, "passphrase is empty"),
        (["--key-env", "NO_SUCH_NAME"], 2, "no environment variable NO_SUCH_NAME"),
        (["--passphrase-env", "NO_SUCH_NAME"], 2, "no environment variable NO_SUCH_NAME"),
        (["--key-command", "/no/such/program"], 3, "/no/such/program"),
        (["--key-command", "false"], 4, "failed with exit code 1"),
        (["--key-command", "echo $KEY"], 2, "5 bytes are no key"),
        (["--key-command", "'"], 2, "quote it"),
        (["--key-command", " "], 2, "is empty"),
    ],
)
def test_what_cannot_be_had(penstock, plain, tmp_path, monkeypatch, words, code, says):
    monkeypatch.chdir(tmp_path)
    assert says in penstock.fails(code, "compress", *words, plain)
    assert names(tmp_path) == ["x.log"]


def test_a_key_command_does_not_read_the_data(monkeypatch, tmp_path):
    """Its standard input is empty, whatever ours is."""
    code = f"import sys; assert not sys.stdin.read(); print({KEY.hex()!r})"
    assert found("--key-command", shlex.join([sys.executable, "-c", code])) == {"key": KEY}


# --- asked for on a terminal ------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(monkeypatch):
    """Somebody who types `answers`; returns what was asked."""
    asked = []

    def answer(*answers):
        replies = iter(answers)

        def getpass(prompt):
            asked.append(prompt)
            reply = next(replies)
            if isinstance(reply, type):
                raise reply
            return reply

        monkeypatch.setattr("getpass.getpass", getpass)
        monkeypatch.setattr(keys, "_TERMINAL", os.devnull)
        return asked

    return answer


def test_asked_once_and_twice_for_something_new(terminal):
    asked = terminal("open")
    assert found("--passphrase") == {"passphrase": b"open"}
    assert len(asked) == 1
    terminal("ü\udcff", "ü\udcff")
    assert found("--passphrase", new=True) == {"passphrase": b"\xc3\xbc\xff"}
    assert len(asked) == 3


def test_slips_of_the_finger(terminal, capsys):
    terminal("open", "opne")
    with pytest.raises(UsageError, match="two different"):
        found("--passphrase", new=True)
    terminal(EOFError)
    with pytest.raises(UsageError, match="no passphrase"):
        found("--passphrase")
    terminal(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        found("--passphrase")
    assert capsys.readouterr().err == "\n", "the prompt's line is ended"


def test_nobody_to_ask(monkeypatch):
    """Not even standard input is asked: that may be the data."""
    monkeypatch.setattr(keys, "_TERMINAL", "/no/such/terminal")
    with pytest.raises(UsageError, match="--passphrase-file"):
        found("--passphrase")


# --- from end to end --------------------------------------------------------------------------------------------------


def test_what_is_encrypted_with_one_opens_with_the_other(penstock, plain, tmp_path):
    (tmp_path / "raw").write_bytes(KEY)
    (tmp_path / "hex").write_text(KEY.hex())
    assert penstock("compress", "-q", "--key-file", tmp_path / "raw", plain) == (0, "", "")
    packed = tmp_path / "x.log.pstk"
    assert decompress(packed.read_bytes(), key=KEY) == DATA
    assert DATA[:20] not in packed.read_bytes()
    for words in (["--key-file", tmp_path / "hex"], ["--key-command", f"cat {tmp_path / 'hex'}"]):
        assert penstock("decompress", *words, "-f", packed).code == 0
        assert penstock("test", *words, packed).code == 0
    for command in ("decompress", "test", "cat"):
        assert "give its key or passphrase" in penstock.fails(4, command, *["-f"] * (command != "test"), packed)
    (tmp_path / "wrong").write_bytes(bytes(32))
    assert "wrong key" in penstock.fails(4, "test", "--key-file", tmp_path / "wrong", packed)
    packed.write_bytes(compress(DATA))
    assert "not encrypted" in penstock.fails(4, "test", "--key-file", tmp_path / "raw", packed)


def test_passphrases(penstock, plain, tmp_path, cheap, monkeypatch):
    (tmp_path / "p").write_text("open\n")
    assert penstock("compress", "-q", "--passphrase-file", tmp_path / "p", plain) == (0, "", "")
    monkeypatch.setenv("PHRASE", "open")
    packed = tmp_path / "x.log.pstk"
    assert penstock("test", "--passphrase-env", "PHRASE", packed).code == 0
    monkeypatch.setenv("PHRASE", "shut")
    assert "wrong key" in penstock.fails(4, "test", "--passphrase-env", "PHRASE", packed)
    assert decompress(packed.read_bytes(), passphrase="open") == DATA


def test_without_the_package_that_encrypts(penstock, plain, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    (tmp_path / "k").write_bytes(KEY)
    assert "pip install 'penstock[crypto]'" in penstock.fails(4, "compress", "--key-file", tmp_path / "k", plain)
    assert names(tmp_path) == ["k", "x.log"]
