"""One door to the runtimes of neural graphs: `open_graph`."""

from sonca.engines.runtime.graph import BadModel, Graph, TensorSpec
from sonca.engines.runtime.opening import open_graph

__all__ = ["BadModel", "Graph", "TensorSpec", "open_graph"]
