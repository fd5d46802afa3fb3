"""What a route declares: who may ask, what it takes, how it fails. Read once, at start.

The middlewares see a request before it is routed: `Policies` tells them by its path. Knows no
route and no limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.routing import BaseRoute, Route

from sonca.server.errors import DeclaredError

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of a route: a decorator of its function, below the router's own."""

    open: bool = False
    """Answered without an API key."""
    admitted: bool = False
    """A POST takes one of the places that there are for speech and uploads."""
    upload: bool = False
    """The body may be as large as an upload."""
    quiet: bool = False
    """Logged for debugging only: machines ask it all the time."""
    raises: tuple[DeclaredError, ...] = ()
    """The errors that it answers with, for OpenAPI, beside those that follow from what it takes."""

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        """Declares this as the policy of a route's function."""
        vars(endpoint)["policy"] = self
        return endpoint

    def __or__(self, other: Policy) -> Policy:
        return Policy(
            open=self.open or other.open,
            admitted=self.admitted or other.admitted,
            upload=self.upload or other.upload,
            quiet=self.quiet or other.quiet,
        )


NONE = Policy()


def policy_of(route: BaseRoute) -> Policy:
    """Returns what a route declares."""
    found = getattr(getattr(route, "endpoint", None), "policy", NONE)
    assert isinstance(found, Policy)
    return found


class Policies(dict[str, Policy]):
    """The policies by path, one for all methods; a path without a route has one, too."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        super().__init__()
        self._below: dict[str, Policy] = {}
        for route in routes:
            policy = policy_of(route)
            if policy != NONE and isinstance(route, Route):
                # Of a path with a parameter: for all that begins as it does.
                path, parameter, _ = route.path.partition("{")
                known = self._below if parameter else self
                known[path] = policy | known.get(path, NONE)

    def __missing__(self, path: str) -> Policy:
        below = (policy for begin, policy in self._below.items() if path.startswith(begin))
        return next(below, NONE)
