"""Voices as values."""

from __future__ import annotations

from sonca.voice import Voice, slug


def test_a_voice_also_goes_by_its_vietnamese_name_without_accents_and_remarks() -> None:
    voice = Voice("x", "Nữ dịu miền Đông (giọng máy)", "female")
    assert voice.aliases == ("nu-diu-mien-dong",)


def test_a_slug_keeps_what_it_is_told_to() -> None:
    assert slug("vi_VN Đỗ") == "vi-vn-do"
    assert slug("vi_VN Đỗ", keep="_") == "vi_vn-do"
