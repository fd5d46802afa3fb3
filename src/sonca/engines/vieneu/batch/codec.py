"""The codec's decoder on OpenVINO, in place of ONNX Runtime: six tenths of its work.

The published graph is told of a window of what came before that grows with the utterance, not of
one that is empty for most of its ten seconds; and its multiplications of matrices are in bf16 where
the processor has it, with float32 around them. Lengths of steps are few, since each new one costs
kernels. It is compared with the published graph when it is loaded, beyond the end of the shortest
window, and used only if nothing of the difference can be heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import Type
from openvino import opset13 as op

from sonca.audio import Samples
from sonca.engines.moss_codec import CodecMeta, MossDecoder
from sonca.engines.moss_codec.decoder import Codes
from sonca.engines.moss_codec.meta import Carried
from sonca.engines.runtime import BadModel
from sonca.engines.runtime.nodes import round_bf16
from sonca.engines.vieneu.batch.compiled import Network
from sonca.engines.vieneu.batch.layers import Precision

FIRST_STEPS, STEP = (4, 4, 8, 8), 16
"""Frames that are decoded at once."""
LEAST_DB = 35.0
"""Signal to noise of the sound, beside float32."""
_UNIT = 4
"""Every step has a multiple of so many frames; the last one is filled up."""
_CHECKED = 64
"""Frames of the comparison: the shortest window has the size of 50."""
_KERNELS = 2048


class FastDecoder:
    """What `MossDecoder` does, for one thread; `clone` is for another."""

    def __init__(self, network: Network, meta: CodecMeta) -> None:
        self.network, self.meta = network, meta

    @classmethod
    def of(cls, exact: MossDecoder, precision: Precision, threads: int) -> FastDecoder:
        """Loads the decoder that `exact` has. Raises `BadModel` if it cannot be, or differs."""
        path = exact.meta.file("decode_step")
        try:
            network = Network.build(lambda: _read(path, exact.meta, precision), threads, _KERNELS)
            fast = cls(network, exact.meta)
            codes = np.random.default_rng(0).integers(0, 1024, (_CHECKED, exact.codebooks))
            sound = fast.samples(codes)
        except RuntimeError as error:
            raise BadModel(f"{path} cannot be run by OpenVINO: {str(error)[:200]}") from error
        wanted = exact.samples(codes)
        if len(sound) != len(wanted):
            raise BadModel(f"{len(sound)} samples of sound instead of {len(wanted)}")
        noise = float(np.square(sound - wanted, dtype=np.float64).mean())
        db = 10 * np.log10(float(np.square(wanted, dtype=np.float64).mean()) / max(noise, 1e-30))
        if not db >= LEAST_DB:
            raise BadModel(f"the sound is {db:.1f} dB from float32's, {LEAST_DB:.0f} are needed")
        return fast

    def clone(self) -> FastDecoder:
        return FastDecoder(self.network.clone(), self.meta)

    def samples(self, codes: Codes) -> Samples:
        """Returns (N,) float32 mono of the codes (T, 16) of a whole utterance."""
        stream = self.stream()
        return np.concatenate([stream.step(part) for part in parts(codes)])

    def stream(self) -> FastStream:
        """Returns a new utterance, whose codes come bit by bit."""
        return FastStream(self.network, self.meta)


class FastStream:
    """One utterance on its way."""

    def __init__(self, network: Network, meta: CodecMeta) -> None:
        self._network, self._meta = network, meta
        self._state = {
            carried.input: ov.Tensor(np.full(_sized(carried, 1), carried.first, carried.dtype))
            for carried in meta.carried
        }

    def step(self, codes: Codes) -> Samples:
        """Returns (N,) float32 mono of the next frames, codes (T, 16). Unless T is a multiple of
        four, they must be the last."""
        request, meta = self._network.request, self._meta
        filled = np.pad(codes, ((0, -len(codes) % _UNIT), (0, 0)), mode="edge")
        request.set_tensor("audio_codes", ov.Tensor(np.ascontiguousarray(filled[None], np.int32)))
        request.set_tensor("audio_code_lengths", ov.Tensor(np.array([len(filled)], np.int32)))
        after = {}
        for carried in meta.carried:
            before = self._state[carried.input]
            room = ov.Tensor(before.element_type, ov.Shape(list(_sized(carried, 0))))
            request.set_tensor(carried.input, before)
            request.set_tensor(carried.output, room)  # the runtime makes it as large as it must be
            after[carried.input] = room
        request.infer()
        self._state = after
        sound = request.get_tensor("audio").data[0, :, : len(codes) * meta.frame_samples]
        return np.asarray(sound.mean(axis=0), np.float32)


def parts(codes: Codes) -> Iterator[Codes]:
    """Yields the frames of an utterance as they are decoded."""
    start = 0
    for count in (*FIRST_STEPS, *[STEP] * len(codes)):
        if start < len(codes):
            yield codes[start : start + count]
        start += count


def _axis(carried: Carried) -> int | None:
    """Returns along which axis a window grows; None if it is none."""
    return {4: 2, 2: 1}.get(len(carried.shape))


def _sized(carried: Carried, size: int) -> Sequence[int]:
    """Returns the shape with a window of another size: at first one place, which is empty."""
    axis = _axis(carried)
    return [size if place == axis else n for place, n in enumerate(carried.shape)]


def _read(path: Path, meta: CodecMeta, precision: Precision) -> ov.Model:
    model = ov.Core().read_model(str(path))
    windows = {c.input: ov.PartialShape(list(_sized(c, -1))) for c in meta.carried}
    model.reshape(windows)
    if precision == "bf16":
        for node in model.get_ordered_ops():
            if node.get_type_name() == "MatMul" and node.get_output_element_type(0) == Type.f32:
                _to_bf16(node)
        model.validate_nodes_and_infer_types()
    return model


def _to_bf16(node: ov.Node) -> None:
    """Has a multiplication of matrices take bf16 and give float32."""
    sides = [_rounded(value) for value in node.input_values()]
    turned = node.get_attributes()
    product = op.matmul(*sides, turned["transpose_a"], turned["transpose_b"])
    float32 = op.convert(product, Type.f32).output(0)
    for target in node.output(0).get_target_inputs():
        target.replace_source_output(float32)


def _rounded(value: ov.Output) -> ov.Output:
    node = value.get_node()
    if node.get_type_name() == "Constant":
        return op.constant(round_bf16(node.data), dtype=Type.bf16).output(0)
    return op.convert(value, Type.bf16).output(0)
