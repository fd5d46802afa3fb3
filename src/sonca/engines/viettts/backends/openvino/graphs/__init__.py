"""The model as OpenVINO graphs, built from weights alone: no PyTorch is needed.

`nodes` has the small pieces, `stack` the transformer layers, `llm`, `flow`, `estimator` and
`hift` the parts. Each graph is tested against the plain model in `backends.torch.model`.
"""
