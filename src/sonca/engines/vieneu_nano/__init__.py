"""VieNeu-TTS v3 Nano: a flow of 48 million weights at 24 kHz, for machines where Turbo is too slow.

It shares Turbo's front end, its denoiser and its speaker's vectors.
"""
