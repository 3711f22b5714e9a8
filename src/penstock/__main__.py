"""`python -m penstock`."""

from .cli.main import script

if __name__ == "__main__":
    script()
