"""HiFT's two networks as graphs: pitch, and the trunk from mel and source spectrum to the output
spectrum. What is between and after them (running phase, both Fourier transforms) is arithmetic
that needs full precision and costs little: `vocoder` does it in NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import chebyshev
from openvino import Model
from openvino import opset13 as op

from sonca.engines.runtime import nodes as n
from sonca.engines.runtime.nodes import Node
from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.openvino.graphs import layers as nn
from sonca.engines.viettts.backends.openvino.graphs.layers import Weights
from sonca.engines.viettts.config import HiFTConfig

HEAD_SLOPE = 0.01


def _cosine_squared() -> list[float]:
    """Returns the coefficients of cos²(π√z) on [0, ¼] in powers of z; wrong by less than 1e-7."""
    fit = chebyshev.Chebyshev.interpolate(lambda z: np.cos(np.pi * np.sqrt(z)) ** 2, 7, [0, 0.25])
    return [float(value) for value in fit.convert(kind=np.polynomial.Polynomial).coef]


_COSINE_SQUARED = _cosine_squared()


def build_f0(config: HiFTConfig, weights: Weights) -> Model:
    """Builds the pitch predictor: mel (1, 80, T) -> Hz (1, T)."""
    mel = n.parameter([1, config.mel, -1], "mel")
    x: Node = mel
    for index in range(5):
        x = op.elu(nn.conv(x, weights, f"f0_predictor.condnet.{2 * index}"), 1.0)
    x = nn.linear(n.transpose(x, 0, 2, 1), weights, "f0_predictor.classifier")  # (1, T, 1)
    return n.model([mel], {"f0": op.abs(n.reshape(x, 1, -1))}, "hift_f0")


def build_trunk(config: HiFTConfig, weights: Weights) -> Model:
    """Builds the trunk: mel (1, 80, T), source (1, 18, 64·T + 1) -> (1, 18, 64·T + 1), the
    log-magnitude and the argument of the phase's sine."""
    mel = n.parameter([1, config.mel, -1], "mel")
    source = n.parameter([1, config.n_fft + 2, -1], "source")
    kernels = len(config.kernels)
    x = nn.conv(mel, weights, "conv_pre")
    stages = list(zip(config.upsample_rates, config.upsample_kernels, strict=True))
    for i, (rate, kernel) in enumerate(stages):
        x = _leaky(x, config.slope)
        x = nn.conv_transpose(x, weights, f"ups.{i}", stride=rate, pad=(kernel - rate) // 2)
        if i == len(stages) - 1:  # one reflected frame on the left
            x = op.concat([n.narrow(x, 2, 1, 2), x], 2)
        x = op.add(x, _source(config, weights, i, source))
        blocks = [
            _resblock(weights.at(f"resblocks.{i * kernels + j}"), config.dilations[j], x)
            for j in range(kernels)
        ]
        total = blocks[0]
        for block in blocks[1:]:
            total = op.add(total, block)
        x = op.multiply(total, n.floats(1 / kernels))
    post = nn.conv(_leaky(x, HEAD_SLOPE), weights, "conv_post")
    return n.model([mel, source], {"post": post}, "hift_trunk")


def _source(config: HiFTConfig, weights: Weights, i: int, source: Node) -> Node:
    """Brings the source's spectrum to the rate of stage i."""
    u = math.prod(config.upsample_rates[i + 1 :])
    x = nn.conv(source, weights, f"source_downs.{i}", stride=u, pad=0 if u == 1 else u // 2)
    return _resblock(weights.at(f"source_resblocks.{i}"), config.source_dilations[i], x)


def _resblock(weights: Weights, dilations: tuple[int, ...], x: Node) -> Node:
    for j, dilation in enumerate(dilations):
        h = _snake(x, weights[f"activations1.{j}.alpha"])
        h = nn.conv(h, weights, f"convs1.{j}", dilation=dilation)
        h = _snake(h, weights[f"activations2.{j}.alpha"])
        x = op.add(x, nn.conv(h, weights, f"convs2.{j}"))
    return x


def _snake(x: Node, alpha: Array) -> Node:
    """Adds x + sin²(αx)/α, α per channel.

    The runtime's sine is scalar code and would take half of the vocoder's time; a polynomial
    over one period is fused with its neighbours. sin²(πr) = cos²(π(r - ½)) with r in [0, 1).
    """
    alpha = alpha[None, :, None]
    turns = op.multiply(x, n.floats(alpha / np.pi))
    offset = op.subtract(op.subtract(turns, op.floor(turns)), n.floats(0.5))
    z = op.multiply(offset, offset)  # 0 to ¼
    value: Node = n.floats(_COSINE_SQUARED[-1])
    for coefficient in _COSINE_SQUARED[-2::-1]:
        value = op.add(op.multiply(value, z), n.floats(coefficient))
    return op.add(x, op.multiply(value, n.floats(1 / (alpha + 1e-9))))


def _leaky(x: Node, slope: float) -> Node:
    return op.prelu(x, n.floats([slope]))
