"""From upstream's files to a folder that the engine loads, once."""
