"""The model on a CPU, by OpenVINO. Needs no PyTorch."""
