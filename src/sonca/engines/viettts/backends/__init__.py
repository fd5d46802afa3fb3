"""The model on a device: `base` is the contract, which `openvino` and `torch` both keep."""
