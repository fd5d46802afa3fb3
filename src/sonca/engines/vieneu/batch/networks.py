"""The two networks of a model, compiled: the weights are in them and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sonca.engines.vieneu.batch.backbone import build_backbone
from sonca.engines.vieneu.batch.compiled import Network
from sonca.engines.vieneu.batch.frame import build_frame
from sonca.engines.vieneu.batch.layers import Precision
from sonca.engines.vieneu.batch.shape import Shape, Weights
from sonca.engines.vieneu.sampling import SamplingConfig


@dataclass(frozen=True, slots=True)
class Networks:
    """What `BatchDecoder` computes with. Used by one thread."""

    shape: Shape
    precision: Precision
    sampling: SamplingConfig
    backbone: Network
    frame: Network

    @property
    def providers(self) -> tuple[str, ...]:
        return (f"OpenVINO CPU ({self.precision})",)

    def clone(self) -> Networks:
        """Returns the same for another thread; the weights are there once."""
        return replace(self, backbone=self.backbone.clone(), frame=self.frame.clone())


def compile_networks(
    shape: Shape,
    weights: Weights,
    precision: Precision,
    threads: int = 1,
    sampling: SamplingConfig | None = None,
) -> Networks:
    """Builds and compiles both: some seconds for a full-size model."""
    sampling = sampling or SamplingConfig()
    backbone = Network.build(lambda: build_backbone(shape, weights, precision), threads)
    frame = Network.build(lambda: build_frame(shape, weights, precision, sampling), threads)
    return Networks(shape, precision, sampling, backbone, frame)
