"""The language: syllables, numbers, letters, word lists, the sound of foreign words."""
