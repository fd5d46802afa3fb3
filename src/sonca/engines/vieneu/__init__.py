"""VieNeu-TTS v3 Turbo: 48 kHz Vietnamese with English inside, presets of three regions, cloning.

A model folder is laid out as the hub's repository; see `sonca.engines.vieneu.model_folder`.
"""
