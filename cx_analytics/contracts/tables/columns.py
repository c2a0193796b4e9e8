"""Columns of the tables by their kind, so that a table reads as a list."""

from __future__ import annotations

from cx_analytics.contracts.model import Column


def text(name: str, meaning: str, **more: object) -> Column:
    """A column of text."""
    return Column(name, "VARCHAR", meaning, **more)  # type: ignore[arg-type]


def count(name: str, meaning: str, unit: str = "count", **more: object) -> Column:
    """A column of counts, never negative."""
    return Column(name, "BIGINT", meaning, unit, low=0, **more)  # type: ignore[arg-type]


def real(name: str, meaning: str, unit: str = "", **more: object) -> Column:
    """A column of real numbers."""
    return Column(name, "DOUBLE", meaning, unit, **more)  # type: ignore[arg-type]


def time(name: str, meaning: str, **more: object) -> Column:
    """A column of instants in UTC."""
    return Column(name, "TIMESTAMP", meaning, "UTC", **more)  # type: ignore[arg-type]


def share(name: str, meaning: str, **more: object) -> Column:
    """A column of shares between 0 and 1."""
    return Column(name, "DOUBLE", meaning, "share", low=0, high=1, **more)  # type: ignore[arg-type]
