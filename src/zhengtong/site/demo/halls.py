"""Halls and windows (大厅、窗口): the service centre's two floors and the town's service point."""

from collections.abc import Iterator
from typing import Final

from zhengtong.site.demo.organisation import DEPARTMENTS
from zhengtong.windows.models import Hall, Window

# Code, name, English, unit, address, English.
HALLS: Final = (
    ("zx1", "政务服务中心一楼", "Service centre, floor 1", "zx", "清江路100号一楼", "100 Qingjiang Road, floor 1"),
    ("zx2", "政务服务中心二楼", "Service centre, floor 2", "zx", "清江路100号二楼", "100 Qingjiang Road, floor 2"),
    ("wc", "文昌镇便民服务中心", "Wenchang town service point", "wc", "文昌镇文昌街8号", "8 Wenchang Street, Wenchang"),
)  # fmt: skip
COMPREHENSIVE: Final = (
    ("A01", "综合窗口", "General window"),
    ("A02", "综合窗口（帮办代办）", "General window (assisted)"),
)


def build_halls() -> None:
    """Comprehensive windows on the ground floor; a window of each department on one of the two floors."""
    columns = ("code", "name", "name_en", "unit", "address", "address_en")
    halls = {row[0]: Hall.objects.create(**dict(zip(columns, row, strict=True))) for row in HALLS}
    Window.objects.bulk_create(_windows(halls))


def _windows(halls: dict[str, Hall]) -> Iterator[Window]:
    for number, name, name_en in COMPREHENSIVE:
        yield Window(hall=halls["zx1"], number=number, name=name, name_en=name_en, unit="zx", posts=["zx-window"])
    for n, (dept, (name, name_en, _short)) in enumerate(sorted(DEPARTMENTS.items())):
        floor, place = ("zx1", f"A{n + 11}") if n < 8 else ("zx2", f"B{n - 7:02d}")
        yield Window(
            hall=halls[floor], number=place, name=f"{name}窗口", name_en=f"{name_en} window", unit=f"{dept}-sp",
            posts=[f"{dept}-sp-window", f"{dept}-sp-issue"],
        )  # fmt: skip
    yield Window(
        hall=halls["wc"], number="1", name="初审窗口", name_en="First examination", unit="wc", posts=["wc-lower"]
    )
