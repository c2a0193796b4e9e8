"""`python -m cx_analytics.cli` is `cx`."""

from cx_analytics.cli.app import main

if __name__ == "__main__":
    main()
