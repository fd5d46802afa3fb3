"""Benchmarks: every claim about speed is measured here, as ratios within one run."""
