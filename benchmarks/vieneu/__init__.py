"""VieNeu-TTS v3 Turbo: random models of its layout, and what compares with its own package."""
