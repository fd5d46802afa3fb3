"""What an operator measures on his own server: latency, load, and two results compared."""
