"""The command line. One file per group of commands; each loads what it needs when it runs."""


def main() -> None:
    """Runs the command ``sonca``."""
    from sonca.cli.app import run

    run()
