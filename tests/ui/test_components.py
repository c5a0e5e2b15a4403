"""Components draw plain values, escape every text, and stand in both languages."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from zhengtong.ui import gallery
from zhengtong.ui.drawing import group_by_week, mini_bars, qr_path
from zhengtong.ui.segmenting import words_of
from zhengtong.ui.stylesheets import SHEETS
from zhengtong.ui.values import CellView, ClockView, EmptyView, MaterialRow, NavItem, RateView, TimelineEntry

EVIL = '<script>alert("x")</script>'
NOW = datetime(2026, 3, 16, 1, 5, tzinfo=UTC)


def draw(tags: str, **values: object) -> str:
    return Template("{% load ui %}" + tags).render(Context(values))


class TestEscaping:
    @pytest.mark.parametrize(
        ("tags", "values"),
        [
            ("{% segment x %}", {"x": EVIL}),
            ("{% long_name x %}", {"x": EVIL * 3}),
            ("{% tag x x %}", {"x": EVIL}),
            ("{% signal x x %}", {"x": EVIL}),
            ("{% empty x x x x %}", {"x": EVIL}),
            ("{% qr x x %}", {"x": EVIL}),
            ("{% nav_item x %}", {"x": NavItem(EVIL, EVIL)}),
            ("{% timeline x %}", {"x": [TimelineEntry(act=EVIL, when=EVIL, who=EVIL, say=EVIL)]}),
            ("{% materials x %}", {"x": [MaterialRow(name=EVIL, note=EVIL, need=EVIL, verdict=("ok", EVIL))]}),
            ("{% rate x %}", {"x": RateView(name=EVIL, value=EVIL, fraction=EVIL, rule=EVIL)}),
            (
                "{% two_clock x %}{% mini_clock x %}",
                {
                    "x": ClockView(
                        sentence=EVIL, cells=(CellView(kind="used", title=EVIL),), today_index=0, today_label=EVIL
                    )
                },
            ),
        ],
    )
    def test_holds_in_every_component(self, tags: str, values: dict[str, object]) -> None:
        assert "<script" not in draw(tags, **values)


class TestClock:
    def test_draws_one_cell_for_each_day_and_three_marks(self) -> None:
        html = draw("{% two_clock c %}", c=gallery.CLOCK)
        assert html.count("zt-day zt-day--") == 26
        assert html.count("zt-mark--today") == html.count("zt-mark--promise") == html.count("zt-mark--law") == 1
        assert "<details" in html

    def test_groups_by_week_from_sixty_cells_without_losing_what_is_late(self) -> None:
        cells = tuple(CellView(kind="late" if n == 63 else "used") for n in range(64))
        grouped, weekly = group_by_week(ClockView(sentence="", cells=cells, law_index=62))
        assert weekly
        assert len(grouped.cells) == 13
        assert grouped.cells[-1].kind == "late"
        assert grouped.law_index == 12

    def test_leaves_a_short_clock_alone(self) -> None:
        assert group_by_week(gallery.CLOCK) == (gallery.CLOCK, False)

    @pytest.mark.parametrize("index", [None, -3, 0, 999])
    def test_stands_marks_outside_the_line(self, index: int | None) -> None:
        draw("{% two_clock c %}{% mini_clock c %}", c=replace(gallery.CLOCK, today_index=index))

    def test_without_days_is_a_sentence(self) -> None:
        html = draw("{% two_clock c %}{% mini_clock c %}", c=ClockView(sentence="当场办结", promise_index=0))
        assert "当场" in html
        assert "zt-clock__line" not in html

    def test_mini_runs_fill_the_width(self) -> None:
        bars = mini_bars(gallery.CLOCK)
        assert [bar.kind for bar in bars] == ["used", "pause", "used", "left", "spare"]
        assert round(sum(bar.width for bar in bars)) == 132


class TestWords:
    @pytest.mark.parametrize(
        ("tags", "chinese", "english"),
        [
            ("{% day d %}", "2026年3月16日（周一）", "16 March 2026 (Mon)"),
            ("{% day_short d %}", "3月16日", "16 Mar"),
            ("{% instant t %}", "2026年3月16日（周一）09:05", "16 March 2026 (Mon) 09:05"),
            ("{% instant_table t %}", "2026-03-16 09:05", "2026-03-16 09:05"),
            ("{% ago d t %}", "今天（3月16日）", "today (16 Mar)"),
            ("{% ago before t %}", "3 天前（3月13日）", "3 days ago (13 Mar)"),
        ],
    )
    def test_of_time_stand_in_both_languages(self, tags: str, chinese: str, english: str) -> None:
        values = {"d": date(2026, 3, 16), "t": NOW, "before": date(2026, 3, 13)}
        with translation.override("zh-hans"):
            assert chinese in draw(tags, **values)
        with translation.override("en"):
            assert english in draw(tags, **values)

    def test_of_nothing_are_nothing(self) -> None:
        assert draw("{% day d %}{% instant d %}", d=None) == ""
        assert draw("{% money d %}", d=None) == "—"

    @pytest.mark.parametrize(
        "text", [gallery.LONG_NAME, "公共场所卫生许可新办审批（县级）", "A & B", "", "（）", "12:00"]
    )
    def test_of_a_heading_are_all_kept(self, text: str) -> None:
        assert "".join(words_of(text)) == text

    def test_of_a_heading_break_between_words_only(self) -> None:
        words = words_of("公共场所卫生许可新办审批（县级）")
        assert len(words) > 3
        assert words[-1].endswith("（县级）")


class TestPager:
    def test_counts_and_keeps_the_filters(self) -> None:
        page = Paginator(range(1000), 50).page(2)
        html = draw('{% pager page "mine=1" %}', page=page)
        assert "?mine=1&amp;page=3" in html
        assert "51–100" in html


class TestQr:
    def test_draws_square_modules(self) -> None:
        path, size = qr_path("https://example.org/c/1")
        assert size % 2 == 1
        assert path.startswith("M0 0h7v1h-7z")


class TestEmpty:
    def test_makes_the_first_act_primary(self) -> None:
        html = draw("{% empty e %}", e=EmptyView(title="没有", acts=(("甲", "/a"), ("乙", "/b"))))  # type: ignore[arg-type]
        assert html.count("btn-primary") == 1


class TestFrames:
    @pytest.mark.parametrize("language", ["zh-hans", "en"])
    @pytest.mark.parametrize("template", ["portal", "desk", "paper", "error", "refusal", "conflict", "confirm", "base"])
    def test_stand_with_and_without_a_request(self, template: str, language: str) -> None:
        values = {
            "refusal": gallery.REFUSAL,
            "heading": "退出",
            "site_name": "示范区政务服务",
            "changes": gallery.TIMELINE,
            "nav": [("办事", "/", True, None)],
        }
        request = RequestFactory().get("/somewhere?page=2")
        with translation.override(language):
            for html in (
                render_to_string(f"ui/{template}.html", values),
                render_to_string(f"ui/{template}.html", values, request),
            ):
                assert f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in html
                assert 'href="#"' not in html
                assert "style=" not in html
                assert "<script>" not in html
                assert " onclick" not in html

    def test_keep_the_place_when_the_language_changes(self) -> None:
        request = RequestFactory().get("/items?q=%E6%B0%B4&page=2")
        html = render_to_string("ui/portal.html", {"site_name": "示范区政务服务"}, request)
        assert 'name="next" value="/items?q=%E6%B0%B4&amp;page=2"' in html

    def test_load_styles_that_exist_and_spare_the_portal_those_of_the_desk(self) -> None:
        from django.contrib.staticfiles import finders

        for face, paths in SHEETS.items():
            own = [path for path in paths if path.startswith("ui/")]
            assert [path for path in own if not finders.find(path)] == [], face
        assert not {"ui/css/desk.css", "ui/css/decide.css", "ui/css/counter.css"} & set(SHEETS["portal"])

    def test_draw_the_gallery(self) -> None:
        from zhengtong.ui.views import gallery as view

        for frame in ("portal", "desk"):
            request = RequestFactory().get("/gallery", {"frame": frame, "page": "3"})
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("django.conf.settings.DEBUG", True)
                assert view(request).status_code == 200
