"""Kokoro: small, quick voices at 24 kHz with a duration for every phoneme, Vietnamese or other."""
