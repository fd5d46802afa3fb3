"""Finds who says what in a book, and with which voice."""

from sonca.book.cast.cast import (
    NARRATOR,
    Cast,
    CastMember,
    Role,
    by_gender,
    one_voice,
    propose_cast,
)

__all__ = ["NARRATOR", "Cast", "CastMember", "Role", "by_gender", "one_voice", "propose_cast"]
