"""``python -m sonca``."""

from sonca.cli import main

main()
