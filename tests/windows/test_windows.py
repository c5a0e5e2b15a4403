"""Which windows a post serves at."""

from pathlib import Path

from django.utils.translation import override

from zhengtong.windows.models import Hall, Window
from zhengtong.windows.queries import open_windows, windows_at


class TestWindows:
    def test_are_found_by_the_posts_that_serve_there(self, city_db: Path) -> None:
        hall = Hall.objects.create(code="qy-1", name="区政务服务大厅", name_en="District hall", unit="qy")
        Window.objects.create(
            hall=hall, number="3", name="综合窗口", name_en="General", unit="wj", posts=["wj-sp-window"]
        )
        Window.objects.create(hall=hall, number="4", name="社保窗口", unit="rs", posts=["rs-window"], is_open=False)
        (line,) = windows_at(["wj-sp-window", "other"])
        assert (line.code, line.name) == ("qy-1-3", "综合窗口")
        assert windows_at(["rs-window"]) == ()
        with override("en"):
            assert [each.name for each in open_windows("qy-1")] == ["General"]
