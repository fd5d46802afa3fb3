"""ZeroTTS: random weights of its layout, golden numbers, and how fast it is beside its package."""
