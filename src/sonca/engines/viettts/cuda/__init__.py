"""The model on a GPU, by PyTorch: the reference's modules where they are fast enough, and a
language model with a static cache whose step is one captured graph."""
