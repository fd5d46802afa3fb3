"""Compare this implementation with golden numbers: `python -m sonca.engines.viettts.parity DIR`.

`parts` computes each part's outputs from a folder's inputs; `__main__` prints the errors.
"""
