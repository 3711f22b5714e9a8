"""Keys and passphrases: from files, the environment, commands and the terminal, never from the command line."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from typing import Final

from ..errors import KeyRequiredError, UsageError
from ..storage.failures import translated

_KEY: Final = 32
"""Bytes of a key."""
_MOST: Final = 1 << 16
"""Bytes that are read of a file with a secret: no passphrase is as long."""
_HEX: Final = re.compile(rb"\s*([0-9A-Fa-f]{64})\s*")
_TERMINAL: Final = "/dev/tty"
_FORMS: Final = "32 bytes or 64 hex digits"


def add_keys(parser: argparse.ArgumentParser, what: str) -> None:
    """Declare where a secret may come from."""
    about = f"{what}.\nAES-256-GCM, with penstock[crypto]. A key is {_FORMS}."
    group = parser.add_argument_group("encryption", about).add_mutually_exclusive_group()
    group.add_argument("--key-file", metavar="FILE", help="the key is in a file")
    group.add_argument("--key-env", metavar="NAME", help="... in an environment variable")
    group.add_argument("--key-command", metavar="CMD", help="... what a command prints; run without a shell")
    group.add_argument("--passphrase-file", metavar="FILE", help="a passphrase, in a file; without its last line end")
    group.add_argument("--passphrase-env", metavar="NAME", help="... in an environment variable")
    group.add_argument("--passphrase", action="store_true", help="... asked for on the terminal")


def secret_from(args: argparse.Namespace, *, new: bool = False) -> dict[str, bytes]:
    """Return the key or passphrase that the options name, as the argument of an API call; neither: nothing.

    `new`: something is to be encrypted, so a passphrase that is typed is asked for twice. No message says what was
    found. Raises `UsageError`, `KeyRequiredError`, `StorageError`.
    """
    if args.key_file is not None:
        return {"key": _key(_read(args.key_file), args.key_file)}
    if args.key_env is not None:
        return {"key": _key(_environment(args.key_env), f"the variable {args.key_env}")}
    if args.key_command is not None:
        return {"key": _key(_printed(args.key_command), "what the key command prints")}
    if args.passphrase_file is not None:
        return {"passphrase": _line(_read(args.passphrase_file), args.passphrase_file)}
    if args.passphrase_env is not None:
        return {"passphrase": _environment(args.passphrase_env)}
    return {"passphrase": _asked(new=new)} if args.passphrase else {}


def _key(data: bytes, where: str) -> bytes:
    if len(data) == _KEY:
        return data
    if match := _HEX.fullmatch(data):
        return bytes.fromhex(match[1].decode())
    raise UsageError(f"{where}: {len(data)} bytes are no key", hint=f"a key is {_FORMS}")


def _line(data: bytes, where: str) -> bytes:
    if len(data) >= _MOST:
        raise UsageError(f"{where} is too long for a passphrase", hint=f"it has at most {_MOST} bytes")
    return data.removesuffix(b"\n").removesuffix(b"\r")


def _read(path: str) -> bytes:
    from ..storage.intake import Intake

    with Intake(path) as source:
        return bytes(source.read(_MOST))


def _environment(name: str) -> bytes:
    value = os.environb.get(os.fsencode(name))
    if value is None:
        raise UsageError(f"there is no environment variable {name}", hint="export it, or give the secret another way")
    return value


def _printed(command: str) -> bytes:
    import subprocess

    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"the key command cannot be read: {error}", hint="quote it as for a shell") from None
    if not words:
        raise UsageError("the key command is empty", hint="name a program that prints the key")
    # Its standard input is not ours: that may be the data.
    with translated(words[0], "cannot run the key command"):
        done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    if done.returncode:
        raise KeyRequiredError(f"the key command {words[0]} failed with exit code {done.returncode}")
    return done.stdout


def _asked(*, new: bool) -> bytes:
    import getpass

    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        hint = "use --passphrase-file or --passphrase-env"
        raise UsageError("there is no terminal to ask for the passphrase", hint=hint) from None
    try:
        given = getpass.getpass("Passphrase: ")
        if new and getpass.getpass("Once more: ") != given:
            raise UsageError("these are two different passphrases", hint="try again")
    except EOFError:
        raise UsageError("no passphrase was given") from None
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the prompt's line has no end yet
        raise
    return os.fsencode(given)
