"""Bad input ends a run at once, with its own words; only passing faults are tried again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar, get_type_hints

import dagster as dg

from cx_analytics.contracts.errors import CxError

P = ParamSpec("P")
R = TypeVar("R")

RETRY = dg.RetryPolicy(max_retries=2, delay=2)
"""For what may pass by itself: a full disk, a busy file system."""


def refusing(function: Callable[P, R]) -> Callable[P, R]:
    """Turn a CxError into a Dagster failure that is not tried again."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CxError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    # Dagster reads resources and context from the annotations, and finds the names behind
    # them only where the function itself was written.
    wrapped.__signature__ = signature(function, eval_str=True)  # type: ignore[attr-defined]
    wrapped.__annotations__ = get_type_hints(function)
    return wrapped
