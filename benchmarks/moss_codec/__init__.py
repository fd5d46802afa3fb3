"""The MOSS codec that ZeroTTS and VieNeu share: random weights of its layout."""
