"""The routes, one file per API. Each route only translates; the work is done elsewhere."""
