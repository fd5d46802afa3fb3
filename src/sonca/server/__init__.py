"""The HTTP server: the predecessor's API, an OpenAI-compatible one, voices and operations."""

from sonca.server.app import create_app
from sonca.server.run import run

__all__ = ["create_app", "run"]
