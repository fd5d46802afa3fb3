"""The language model: text ids and a speaker vector in, speech tokens out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sonca.engines.viettts.backends.torch.model.transformer import Stack
from sonca.engines.viettts.config import LLMConfig


class LanguageModel(nn.Module):
    def __init__(self, config: LLMConfig) -> None:
        super().__init__()
        self.config = config
        width = config.lm.input_size
        self.text_embedding = nn.Embedding(config.text_vocab, config.text_encoder.input_size)
        self.text_encoder = Stack(config.text_encoder)
        self.text_encoder_affine_layer = nn.Linear(config.text_encoder.width, width)
        self.llm_embedding = nn.Embedding(2, width)  # start of sequence, task
        self.llm = Stack(config.lm)
        self.llm_decoder = nn.Linear(config.out_width, config.speech_vocab + 1)
        self.speech_embedding = nn.Embedding(config.speech_vocab, width)
        self.spk_embed_affine_layer = nn.Linear(config.speaker, width)

    def text(self, ids: Tensor) -> Tensor:
        return self.text_encoder(self.text_embedding(ids))  # (1, N) -> (1, N, enc)

    def speaker(self, vector: Tensor) -> Tensor:
        return self.spk_embed_affine_layer(F.normalize(vector, dim=1))  # (1, S) -> (1, width)

    def prompt(self, text: Tensor, speaker: Tensor | None, speech: Tensor | None = None) -> Tensor:
        """Returns the sequence that the model continues: (1, P, width)."""
        start, task = self.llm_embedding.weight[:, None, None]  # (1, 1, width) each
        parts = [start]
        if speaker is not None:
            parts.append(self.speaker(speaker)[:, None])  # (1, 1, width)
        parts += [self.text_encoder_affine_layer(self.text(text)), task]
        if speech is not None:
            parts.append(self.speech_embedding(speech))
        return torch.cat(parts, dim=1)
