"""Words for people in Vietnamese prose, kinship terms above all, and verbs of speaking.

Tables and small look-ups only; who speaks is decided in `sonca.book.cast.attribution`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Gender = Literal["male", "female", ""]


def table(words: str) -> frozenset[str]:
    """Returns the words of a table, parted by blanks; `_` stands for a blank inside one."""
    return frozenset(word.replace("_", " ") for word in words.split())


_MALE = (
    "ông anh chú bác cậu dượng lão gã hắn chàng thằng cha bố ba tía thầy y cụ ông_lão ông_già "
    "ông_cụ anh_ta anh_ấy anh_chàng ông_ta ông_ấy lão_ta gã_ta hắn_ta cậu_ta cậu_ấy cậu_bé "
    "chú_bé "
    "thằng_bé thằng_nhỏ thằng_cu chàng_trai người_đàn_ông đàn_ông con_trai người_cha người_bố "
    "người_lính người_chồng chồng vua hoàng_tử "
    "anh_thanh_niên chàng_thanh_niên anh_lính hòa_thượng đạo_sĩ "
    "cậu_chủ ông_chủ ông_nội ông_ngoại anh_trai em_trai cháu_trai chú_ấy bác_ấy thầy_giáo cha_xứ"
)
_FEMALE = (
    "bà cô chị dì mợ thím mụ nàng ả thị con_bé cô_bé má mẹ u bầm bà_lão bà_già bà_cụ bà_ta bà_ấy "
    "cô_ta cô_ấy chị_ta chị_ấy nàng_ta ả_ta mụ_ta cô_gái người_đàn_bà người_phụ_nữ đàn_bà phụ_nữ "
    "con_gái người_mẹ người_vợ vợ hoàng_hậu công_chúa thiếu_nữ cô_giáo bà_chủ cô_chủ bà_nội "
    "bà_ngoại chị_gái em_gái cháu_gái con_nhỏ bà_mẹ cô_nương bà_vãi ni_cô dì_ấy"
)
_EITHER = (
    "đại_úy trung_úy thiếu_úy thượng_úy đại_tá "
    "trung_tá thiếu_tá thượng_tá trung_sĩ thượng_sĩ hạ_sĩ "
    "đại_tướng thiếu_tướng giám_đốc hiệu_trưởng trưởng_thôn trưởng_phòng "
    "nó người con em cháu đứa_bé thằng_kia người_kia người_lạ khách ai bạn nhà_văn bác_sĩ y_tá "
    "cảnh_sát tôi ta mình chúng_tôi họ người_ta một_người người_khách đứa_trẻ lũ_trẻ"
)


MALE, FEMALE, EITHER = table(_MALE), table(_FEMALE), table(_EITHER)
NOUNS = MALE | FEMALE | EITHER

NOUN_HEADS = frozenset(noun.partition(" ")[0] for noun in NOUNS)
"""First words of nouns for people."""

TITLES = table(
    "ông bà cô chú bác cậu dì anh chị em lão mụ thằng con thầy cụ dượng mợ thím nàng chàng gã ả "
    "đức bé út cha sư"
)
"""Words before a name: `ông Thoại`, `thằng Tí`."""

KIN = table("mẹ má bố ba cha tía u bầm vợ chồng")
"""Nouns for one certain person, which no name is called by in passing as by `ông` or `cô`."""

CHILDREN = table("thằng bé con_bé cô_bé cậu_bé chú_bé thằng_nhỏ con_nhỏ đứa_bé đứa_trẻ thằng_cu")

RANKS = table("úy tá sĩ tướng đốc trưởng thôn phòng giáo")
"""Last words of ranks and offices before a name: `đại úy Quang`."""

FIRST_PERSON = frozenset(("tôi", "tao", "mình", "ta"))

_SPEAKING = (
    "nói hỏi đáp bảo kêu hét thét gào quát la reo gọi thưa đáp_lại trả_lời thì_thầm thì_thào "
    "lẩm_bẩm "
    "lầm_bầm càu_nhàu cằn_nhằn làu_bàu kể khẳng_định giải_thích giục giục_giã khuyên dặn nhắc "
    "mắng "
    "chửi rên rên_rỉ van van_xin cầu_xin khóc cười thở_dài thốt thốt_lên buột_miệng lên_tiếng "
    "cất_lời "
    "cất_tiếng cất_lên cất_giọng mở_lời ngắt_lời cắt_ngang chen_vào xen_vào tiếp nói_tiếp "
    "tiếp_lời phân_trần phân_bua "
    "than than_thở rủ_rỉ thủ_thỉ rì_rầm ậm_ừ ấp_úng ngập_ngừng lắp_bắp run_run gắt gằn gằn_giọng "
    "xẵng_giọng trầm_giọng hạ_giọng nhỏ_nhẹ trách móc nạt nạt_nộ đùa trêu nói_đùa tuyên_bố "
    "ra_lệnh "
    "hô tán_thành đồng_ý phản_đối thú_nhận thừa_nhận chào hỏi_lại hỏi_thăm hỏi_dồn gặng "
    "gặng_hỏi vặn "
    "tấm_tắc khen xuýt_xoa nhận_xét kết_luận đề_nghị yêu_cầu hứa thề an_ủi dỗ dỗ_dành vỗ_về "
    "nài_nỉ "
    "năn_nỉ bật_cười bật_khóc nức_nở sụt_sịt nghẹn_ngào rít rít_lên gầm gầm_lên hằn_học mỉa_mai "
    "nhắc_lại lặp_lại bổ_sung thông_báo báo thầm_thì rên_lên kêu_lên hét_lên reo_lên la_lên "
    "hét_to"
)
SPEAKING = table(_SPEAKING)
WRITING = table(
    "ghi viết đề khắc in dán vẽ đọc mang_tên gọi_là tên_là tựa chữ dòng_chữ chép "
    "có_câu tục_ngữ thành_ngữ ca_dao"
)

_FEMALE_NAMES = table(
    "Lan Hoa Mai Cúc Huệ Hồng Hương Hạnh Hằng Hiền Hoài Huyền Khuê Liên Linh Loan Ly My Mỵ Mận "
    "Nga Ngân Ngọc Nguyệt Nhung Như Oanh Phượng Quyên Quỳnh Sen Thảo Thu Thúy Thùy Thủy Thư "
    "Tuyết "
    "Trang Trinh Trâm Uyên Vân Xuân Yến Yên Diễm Diệu Dung Duyên Đào Giang Hà Kiều Lệ Bích "
    "Ánh Châu "
    "Hoàn Nhàn Lài Lựu Mơ Nụ Thắm Tấm Cám Thơm Vy Tiên"
)
_MALE_NAMES = table(
    "Hùng Dũng Nam Sơn Hải Tuấn Tú Minh Quang Trung Thành Thắng Tiến Toàn Trọng Tùng Việt "
    "Vinh Vũ "
    "Cường Công Chính Chiến Đạt Đức Đông Định Giáp Hào Hậu Hiếu Hoàng Huy Hưng Khải Khang "
    "Khánh Khoa "
    "Kiên Lâm Lộc Long Luân Lực Mạnh Nghĩa Nguyên Nhân Nhật Phong Phú Phúc Phước Quân Quốc "
    "Quý Quyết "
    "Tài Tâm Tân Thái Thiện Thịnh Thoại Thuận Tín Tí Tèo Tý Trí Trường Văn Bách Bảo Bình Cảnh "
    "Chương "
    "Dần Điền Lượng Pha Chí Phèo Hạc Sửu Mão Thìn Tuất"
)


def is_name(word: str) -> bool:
    """Returns whether a word is written like a name: one capital at its beginning."""
    return len(word) > 1 and word[0].isupper() and word[1:].islower()


def gender_of_noun(noun: str) -> Gender:
    """Returns what `ông`, `cô gái`, `thằng bé` says; empty if nothing."""
    key = noun.lower()
    for size in (3, 2, 1):
        head = " ".join(key.split()[:size])
        if head in MALE:
            return "male"
        if head in FEMALE:
            return "female"
        if head in EITHER:
            return ""
    return ""


def gender_of_name(name: str) -> Gender:
    """Returns what a name makes likely; empty if it is given to both."""
    words = name.split()
    if "Thị" in words[:-1]:
        return "female"
    if "Văn" in words[:-1]:
        return "male"
    last = words[-1] if words else ""
    if last in _FEMALE_NAMES:
        return "female"
    return "male" if last in _MALE_NAMES else ""


@lru_cache(maxsize=8)
def _heads(table: frozenset[str]) -> frozenset[str]:
    return frozenset(entry.partition(" ")[0] for entry in table)


def longest(words: list[str], at: int, table: frozenset[str], most: int = 3) -> int:
    """Returns how many words from `at` on make the longest entry of `table`; 0 for none."""
    if at >= len(words) or words[at].lower() not in _heads(table):
        return 0
    for size in range(min(most, len(words) - at), 0, -1):
        if " ".join(words[at : at + size]).lower() in table:
            return size
    return 0
