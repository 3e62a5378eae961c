"""`python -m p4v` is the command `p4v`."""

from p4v.cli import main

if __name__ == "__main__":
    main()
