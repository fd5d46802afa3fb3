"""Kokoro beside kokoro-onnx: a model of random weights, golden numbers, and what speaking costs."""
