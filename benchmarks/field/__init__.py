"""Large files as the field leaves them, from plan to m4b and read-along EPUB."""
