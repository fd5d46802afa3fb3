"""Everything that compares Sonca with others and with itself: ``python -m benchmarks.NAME``.

Runs from a checkout (README.md lists the commands) and measures with the tools of `sonca.bench`.
"""
