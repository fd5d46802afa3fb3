"""Whole books, in the order of its rooms: a file is read (`sources`), divided into chapters
(`structure`), its speeches get voices (`cast`), it is spoken (`build`) and put together (`output`).
"""
