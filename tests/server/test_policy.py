"""What routes declare is known by path before a request is routed."""

from __future__ import annotations

from fastapi import APIRouter

from sonca.server.policy import Policies, Policy, policy_of


def policies() -> Policies:
    router = APIRouter()

    @router.get("/both")
    async def look() -> None: ...

    @router.post("/both")
    @Policy(admitted=True, upload=True)
    async def send() -> None: ...

    @router.delete("/both")
    @Policy(quiet=True)
    async def delete() -> None: ...

    @router.get("/files/{name}")
    @Policy(open=True)
    async def file(name: str) -> None: ...

    assert policy_of(router.routes[0]) == Policy()
    return Policies(router.routes)


def test_routes_of_one_path_share_what_any_of_them_declares() -> None:
    assert policies()["/both"] == Policy(admitted=True, upload=True, quiet=True)


def test_a_path_with_a_parameter_is_known_by_how_it_begins() -> None:
    assert policies()["/files/a.js"].open
    assert policies()["/files/no/such/file"].open
    assert not policies()["/files"].open


def test_a_path_without_a_route_is_closed_and_takes_nothing() -> None:
    assert policies()["/nothing"] == Policy()
