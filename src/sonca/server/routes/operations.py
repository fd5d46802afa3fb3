"""Routes for operators: is the server alive, is it ready, what does it do, on what device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from sonca import __version__
from sonca.server.answers import json_response
from sonca.server.policy import Policy
from sonca.server.services import Services, services_of
from sonca.synthesizer import EngineStatus

router = APIRouter(tags=["operations"])

_NOT_NOW = {
    "description": "Not able to speak; `status` and `state` say why.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_HEALTH = Policy(open=True, quiet=True)
_METRICS = {
    "description": "Prometheus' text format.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


@router.get("/livez", response_model=None)
@_HEALTH
async def livez() -> Response:
    """Answers 200 while the event loop turns."""
    return json_response({"status": "alive"})


@router.get("/readyz", response_model=None, responses={503: _NOT_NOW})
@_HEALTH
async def readyz(services: Services = Depends(services_of)) -> Response:
    """Answers 200 while new work is taken; 503 with the reason before and after."""
    status = state(services)
    return json_response({"status": status}, 200 if status == "ready" else 503)


def state(services: Services) -> str:
    """Returns ``loading``, ``ready``, ``draining``, ``broken`` or ``closed``."""
    if services.lifecycle.draining:
        return "draining"
    state = services.sonca.pool.state
    # An engine that was unloaded for want of work is loaded when some comes.
    return "ready" if state == "unloaded" else state


@router.get("/health", response_model=None, responses={503: _NOT_NOW})
@router.get("/api/tts/health", response_model=None, responses={503: _NOT_NOW})
@_HEALTH
async def health(services: Services = Depends(services_of)) -> Response:
    """Answers as VietTTS's health check did."""
    broken = state(services) in ("broken", "closed")
    body = {
        "status": "unhealthy" if broken else "healthy",
        "service": "sonca",
        "version": __version__,
        "state": state(services),
        "default_model": services.sonca.default_engine,
    }
    return json_response(body, 503 if broken else 200)


@router.get("/metrics", response_model=None, responses={200: _METRICS})
@Policy(quiet=True)
async def metrics(services: Services = Depends(services_of)) -> Response:
    """Returns counters for Prometheus."""
    data = await services.pools.run_on_disk(services.metrics.exposition)
    return Response(data, media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/devices", response_model=None)
async def devices(services: Services = Depends(services_of)) -> Response:
    """Names the device every engine truly runs on, with a warning where it is not the one asked
    for."""
    engines = await services.pools.run(services.sonca.engines)
    return json_response(
        {
            "requested": services.settings.device,
            "gpu_present": await services.pools.run_on_disk(gpu_present),
            "engines": [_engine(status) for status in engines],
            "warnings": device_warnings(services.settings.device, engines),
        }
    )


@router.post("/v1/models/reload", response_model=None)
async def reload(services: Services = Depends(services_of)) -> Response:
    """Looks again for models that came or went: their voices can be used without a restart."""
    voices = await services.pools.run_on_disk(services.sonca.reload)
    return json_response(
        {
            "default_model": services.sonca.default_engine,
            "voices": [voice.id for voice in voices],
        }
    )


def _engine(status: EngineStatus) -> dict[str, Any]:
    info, stats = status.info, status.stats
    return {
        "name": status.name,
        "default": status.default,
        "installed": status.missing is None,
        "missing": status.missing,
        "state": stats.state if stats else "not loaded",
        "device": info.device if info else None,
        "providers": list(info.providers) if info else [],
        "version": info.version if info else None,
        "sample_rate_hz": info.sample_rate_hz if info else None,
        "clones": info.clones if info else None,
        "slots": info.slots if info else None,
        "instances": stats.engines if stats else 0,
    }


def device_warnings(asked: str, engines: list[EngineStatus]) -> list[str]:
    """Returns a sentence for every loaded engine that does not use the GPU that was asked for."""
    if asked != "cuda":
        return []
    return [
        f"a GPU was asked for (device=cuda), but {status.name} runs on {status.info.device}"
        for status in engines
        if status.info is not None and not status.info.device.startswith("cuda")
    ]


def gpu_present() -> bool:
    """Returns whether the machine shows an NVIDIA GPU, used or not."""
    return Path("/dev/nvidia0").exists() or Path("/proc/driver/nvidia/gpus").is_dir()
