"""Supertonic 3 and KorvaTTS: models of random weights, golden numbers, figures."""
