"""Compare this implementation with golden numbers: `python -m benchmarks.viettts.parity DIR`.

`parts` computes each part's outputs from a folder's inputs; `__main__` prints the errors.
"""
