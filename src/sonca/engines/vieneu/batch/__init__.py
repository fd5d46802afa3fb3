"""Continuous batching on a CPU: several utterances through VieNeu's networks at once.

Our own graphs of the published weights, in bf16 where the processor has it. Importing this imports
OpenVINO.
"""

from sonca.engines.vieneu.batch.loading import Batch, load_batch

__all__ = ["Batch", "load_batch"]
