"""The model in plain PyTorch, float32, one utterance at a time: what every other path is tested
against. Written to be read; nothing in it is fast. Names follow the checkpoint's keys."""
