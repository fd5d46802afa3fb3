"""The model in plain PyTorch, float32, one utterance at a time: what every other path is tested
against. Written to be read; nothing in it is fast. Names follow the checkpoint's keys."""

from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def loaded(module: M, state: Mapping[str, Tensor]) -> M:
    """Returns the module with the checkpoint's tensors, for inference."""
    module.load_state_dict(dict(state))
    return module.eval()
