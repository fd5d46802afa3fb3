"""The model on a GPU, by PyTorch: the plain modules of `model` where they are fast enough, and a
language model with a static cache whose step is one captured graph."""
