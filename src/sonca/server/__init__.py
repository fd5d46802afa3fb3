"""The HTTP server: the VietTTS-compatible API, the OpenAI-compatible one, voices and operations."""

from sonca.server.app import create_app
from sonca.server.run import run

__all__ = ["create_app", "run"]
