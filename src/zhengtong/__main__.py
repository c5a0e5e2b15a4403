"""`python -m zhengtong` is the command line tool `zhengtong`."""

from zhengtong.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
