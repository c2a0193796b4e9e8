"""The command line: what people type, and what they read.

Commands import what they need when they run, so that an answer takes a moment: no Dagster and
no scikit-learn at start. `main` is the entry point `cx`.
"""

from cx_analytics.cli.app import main

__all__ = ["main"]
