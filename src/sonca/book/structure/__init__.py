"""Finds the structure of a text: headings, chapters, what is not spoken."""
