"""Continuous batching on a CPU: several utterances through VieNeu's networks at once.

Our own graphs of the published weights, in bf16 where the processor has it. Importing this imports
OpenVINO.
"""

from sonca.engines.vieneu.batch.loading import load_networks
from sonca.engines.vieneu.batch.networks import Networks
from sonca.engines.vieneu.batch.session import BatchSession
from sonca.engines.vieneu.batch.single import SingleModel

__all__ = ["BatchSession", "Networks", "SingleModel", "load_networks"]
