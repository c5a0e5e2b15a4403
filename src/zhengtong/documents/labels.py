"""Words of the documents room: why a file was not taken, how a paper was served, where it stands."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhengtong.documents.refusing import UploadFault, UploadRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadWords:
    """What was wrong, why, and what to do."""

    wrong: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.wrong}{self.why}{self.remedy}"


_TAKEN: Final = _("可以上传 PDF、JPG、PNG、OFD、DOCX 和 XLSX 文件。")
_AGAIN: Final = _("请重新导出或者重新拍照，再上传一次。")

_UPLOAD: Final[dict[UploadFault, tuple[str | Promise, str | Promise, str | Promise]]] = {
    UploadFault.EMPTY: (
        _("“%(name)s”是空的。"), _("文件里没有任何内容，窗口无法审查。"), _("请核对选中的是不是您要交的文件。"),
    ),
    UploadFault.TOO_LARGE: (
        _("“%(name)s”太大了，有 %(size)s MB。"),
        _("每个文件不能超过 %(most)s MB，否则网络慢的人交不上来。"),
        _("请压缩图片、降低扫描分辨率，或者分成几个文件上传。"),
    ),
    UploadFault.KIND_NOT_TAKEN: (_("“%(name)s”不是可以接收的文件。"), _("它的内容不属于我们能审查的格式。"), _TAKEN),
    UploadFault.NAME_DISAGREES: (
        _("“%(name)s”的名称和内容对不上。"),
        _("文件名的结尾是 %(said)s，内容却是 %(found)s。"),
        _("请不要直接改文件名的结尾；用原来的软件另存为需要的格式，再上传一次。"),
    ),
    UploadFault.TYPE_DISAGREES: (
        _("“%(name)s”送来时说明的格式和内容对不上。"),
        _("浏览器说它是 %(said)s，内容却是 %(found)s。"),
        _("请用原来的软件另存一次，再上传。"),
    ),
    UploadFault.DAMAGED: (_("“%(name)s”损坏了，打不开。"), _("文件不完整，可能没有传完，也可能没有保存好。"), _AGAIN),
    UploadFault.LOCKED: (
        _("“%(name)s”设了密码。"), _("设了密码的文件，承办人员看不到内容。"), _("请去掉密码以后再上传。"),
    ),
    UploadFault.TOO_MANY_PIXELS: (
        _("“%(name)s”的画面太大，有 %(width)s×%(height)s 像素。"),
        _("这样大的图片，承办人员的电脑打不开。"),
        _("请把图片缩小到每边 20000 像素以内、总共一亿像素以内。"),
    ),
    UploadFault.MACROS: (
        _("“%(name)s”里带有宏程序。"), _("宏程序可能损害别人的电脑。"), _("请另存为不带宏的文件，或者另存为 PDF。"),
    ),
    UploadFault.SWOLLEN: (
        _("“%(name)s”展开以后太大。"), _("文件里的内容经过异常压缩，打开会占满电脑。"), _("请另存为 PDF 再上传。"),
    ),
    UploadFault.INFECTED: (
        _("“%(name)s”里发现了病毒。"), _("带病毒的文件没有保存。"), _("请先给自己的电脑杀毒，再上传没有病毒的文件。"),
    ),
    UploadFault.NOT_KEPT: (
        _("“%(name)s”暂时不能上传。"), _("存放文件的地方现在写不进去，已经记录下来。"),
        _("请过几分钟再试；仍然不行，请联系窗口。"),
    ),
}  # fmt: skip


def upload_words(refused: UploadRefused) -> UploadWords:
    """The three sentences of a refused upload."""
    params = {"name": "", **refused.params}
    wrong, why, remedy = (str(part) % params for part in _UPLOAD[refused.code])
    return UploadWords(wrong=wrong, why=why, remedy=remedy)


def renamed_words(name: str) -> str:
    """Said after an upload whose name had to be cleaned."""
    return str(_("文件名里有不能使用的字符，或者太长，已经保存为“%(name)s”。")) % {"name": name}


SCAN_WORDS: Final = {
    "not_scanned": _("没有做过病毒检查"),
    "clean": _("病毒检查没有发现问题"),
    "waiting": _("等待病毒检查，查完才能打开"),
    "infected": _("发现病毒，内容已经销毁，请重新提交"),
}
HELD: Final = frozenset({"waiting", "infected"})

MANNERS: Final = {
    "direct": _("直接送达"),
    "left": _("留置送达"),
    "entrusted": _("委托送达"),
    "post": _("邮寄送达"),
    "electronic": _("电子送达"),
    "announcement": _("公告送达"),
}


def manner_words(manner: str) -> str:
    words = MANNERS.get(manner)
    return str(words) if words else ""
