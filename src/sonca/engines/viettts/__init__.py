"""VietTTS: text and a reference recording in, a cloned Vietnamese voice out.

Reading order: `config` (what the model folder says), `reference` (the mathematics, plain
PyTorch), `graphs` (the same as graphs for the CPU runtime), `runtime` (who computes), `decoder`
and `session` (who is computed when), `engine` (the contract of `sonca.engines.base`).
"""
