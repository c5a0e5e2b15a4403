"""The pages of process analysis over a small city: who may see them, that each stands with and without a copy, that a
figure and the cases behind it are as many, and what the what-if says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.supervision.standing import sit_at
from zhengtong.analysis.copying import Copy, Manifest, NotCopied, refresh
from zhengtong.analysis.queries import Selection, log_of
from zhengtong.supervision.process_drawing import Arrow, Step, draw, shorten
from zhengtong.supervision.process_forms import filters_of, what_if_words

PAGES = ("", "ways/", "times/", "rework/", "hand-overs/", "conformance/", "savings/", "what-if/")


@pytest.fixture(scope="module")
def supervisor(lived: Path) -> Client:
    return sit_at("supervisor")


@pytest.fixture(scope="module")
def copied(supervisor: Client) -> Client:
    from tests.cast import NOW

    refresh(NOW)
    return supervisor


def page_of(client: Client, path: str) -> str:
    answer = client.get(f"/watch/{path}")
    assert answer.status_code == 200, path
    return str(answer.content.decode()).replace("<wbr>", "")


class TestBeforeAnythingIsCopied:
    @pytest.mark.parametrize("path", [*(f"process/{page}" for page in PAGES), "leader/"])
    def test_each_page_says_how_the_copy_is_made(self, supervisor: Client, path: str) -> None:
        assert "zhengtong analyse --refresh" in page_of(supervisor, path)


class TestWhoMaySee:
    @pytest.mark.parametrize(
        "path", [*(f"process/{page}" for page in PAGES), "leader/", "process/cases/?about=step:received"]
    )
    def test_nobody_but_those_who_supervise(self, copied: Client, path: str) -> None:
        assert sit_at("window").get(f"/watch/{path}").status_code == 403
        assert Client().get(f"/watch/{path}").status_code == 302

    def test_a_head_of_government_sees_the_front_page_only(self, copied: Client) -> None:
        head = sit_at("head", unit="government")
        assert head.get("/watch/leader/").status_code == 200
        assert head.get("/watch/process/").status_code == 403


class TestPages:
    @pytest.mark.parametrize("path", [*(f"process/{page}" for page in PAGES), "leader/"])
    def test_each_names_volume_period_and_copy(self, copied: Client, path: str) -> None:
        text = page_of(copied, path)
        assert "副本截至" in text
        assert re.search(r"\d+ 件</span> <span>收件时间", text)

    def test_a_figure_and_the_cases_behind_it_are_as_many(self, copied: Client) -> None:
        seen = 0
        for path in ("process/", "process/times/", "process/ways/", "process/rework/", "process/savings/", "leader/"):
            for address, number in re.findall(
                r'<a href="(/watch/process/cases/[^"]+)">([\d,]+)(?: 件)?</a>', page_of(copied, path)
            )[:8]:
                if "about=pair" in address:
                    continue  # counted by succession, listed by case
                listed = page_of(copied, address.replace("&amp;", "&").removeprefix("/watch/"))
                assert f"{number} 件</span>" in listed, address
                seen += 1
        assert seen >= 10

    def test_the_map_has_a_table_that_says_the_same(self, copied: Client) -> None:
        text = page_of(copied, "process/?least=0")
        assert text.count('class="node') == len(
            re.findall(r'<th scope="row"><a href="/watch/process/cases/\?about=step', text)
        )

    def test_before_and_after_a_date_are_two_maps_of_all_cases(self, copied: Client) -> None:
        middle = sorted(
            re.findall(r'datetime="(\d{4}-\d\d-\d\d)', page_of(copied, "process/cases/?about=step:received"))
        )
        text = page_of(copied, f"process/?around={middle[len(middle) // 2]}")
        assert "以前：" in text
        assert text.count('<svg class="zt-map"') == 2
        halves = [int(number) for number in re.findall(r"：(\d+) 件实际走过的路", text)]
        assert sum(halves) == int(re.search(r"(\d+) 件实际走过的路", page_of(copied, "process/"))[1])  # type: ignore[index]

    def test_our_own_ledger_conforms(self, copied: Client) -> None:
        assert "100.0% 的办件照公布的程序走" in page_of(copied, "process/conformance/")

    def test_nothing_found_offers_all(self, copied: Client) -> None:
        assert "没有符合筛选的办件" in page_of(copied, "process/?item=no-such-item")

    @pytest.mark.parametrize(
        "about", ["", "step:heaven", "pair:a>b", "way:0", "way:x", "deviation:9", "saving:a:b", "over:a>b", "\0"]
    )
    def test_words_that_name_no_figure_name_no_cases(self, copied: Client, about: str) -> None:
        assert copied.get("/watch/process/cases/", {"about": about}).status_code == 404

    def test_english_is_complete(self, copied: Client) -> None:
        copied.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        try:
            text = page_of(copied, "process/times/")
        finally:
            del copied.cookies[settings.LANGUAGE_COOKIE_NAME]
        assert "How long each step takes" in text


class TestWhatIf:
    def items(self, client: Client) -> list[str]:
        form = page_of(client, "process/what-if/").partition('id="pi"')[2].partition("</select>")[0]
        return re.findall(r'<option value="([^"]+)"', form)

    def test_asks_for_an_item_first(self, copied: Client) -> None:
        assert "先在上面选定一个事项" in page_of(copied, "process/what-if/?limit=2")

    def test_answers_with_its_check_its_spread_and_its_seed(self, copied: Client) -> None:
        texts = (page_of(copied, f"process/what-if/?item={item}&limit=1&seed=5") for item in self.items(copied))
        text = next(text for text in texts if 'id="chk-h"' in text)
        assert "种子 5" in text
        assert "没有校准，不要据此决定" in text  # too few cases
        assert 'data-chart="bar"' not in text
        assert 'id="load-h"' in text

    @pytest.mark.parametrize("words", ["limit=-1", "limit=x", "more=9&post=a", "spared=101", "seed=99999999999"])
    def test_numbers_out_of_reach_are_named_and_nothing_is_replayed(self, copied: Client, words: str) -> None:
        text = page_of(copied, f"process/what-if/?item={self.items(copied)[0]}&{words}")
        assert "有数字填得不对" in text
        assert 'id="chk-h"' not in text

    def test_a_post_that_is_not_there_is_not_found(self, copied: Client) -> None:
        for item in self.items(copied):
            answer = copied.get(f"/watch/process/what-if/?item={item}&post=nowhere&more=1")
            assert answer.status_code in {200, 404}


class TestDrawing:
    def step(self, code: str) -> Step:
        return Step(code=code, name=code, figure="", small=(), median=1, slow=2, cases=1)

    def arrow(self, left: str, right: str, count: int = 1) -> Arrow:
        return Arrow(left=left, right=right, count=count, label=str(count), title="")

    def test_boxes_never_overlap_and_layers_follow_the_arrows(self) -> None:
        codes = [f"s{n}" for n in range(24)]
        arrows = [self.arrow(codes[n], codes[m], 30 - n) for n in range(24) for m in range(n + 1, 24, n + 2)]
        drawn = draw([self.step(code) for code in codes], arrows)
        at = {one.step.code: (one.x, one.y) for one in drawn.steps}
        boxes = list(at.values())
        assert all(
            abs(x - to_x) >= 138 or abs(y - to_y) >= 110
            for n, (x, y) in enumerate(boxes)
            for to_x, to_y in boxes[n + 1 :]
        )
        assert all(at[arrow.left][0] < at[arrow.right][0] for arrow in arrows)
        assert drawn.is_wide

    def test_what_closes_a_circle_goes_back_over_the_top(self) -> None:
        drawn = draw([self.step("a"), self.step("b")], [self.arrow("a", "b", 9), self.arrow("b", "a", 2)])
        assert [one.is_back for one in drawn.arrows] == [False, True]
        assert drawn.top < 0

    def test_nothing_is_drawn_of_nothing(self) -> None:
        assert draw([], []).steps == ()

    def test_long_names_are_cut_to_the_box(self) -> None:
        assert shorten("一二三四五六七八") == "一二三四五六七八"
        assert shorten("一二三四五六七八九") == "一二三四五六七…"


class TestWords:
    def test_what_is_no_day_or_choice_is_left_out(self) -> None:
        found = filters_of({"first": "2026-02-30", "around": "x", "least": "7", "dept": "a\0"})
        assert (found.first, found.around, found.least, found.dept) == ("", "", "2", "")
        assert found.query == ""

    def test_nothing_to_change_is_not_asked(self) -> None:
        assert not what_if_words({"post": "a"}).is_asked
        assert what_if_words({"limit": "0"}).is_asked


class TestWhileTheCopyIsMadeAnew:
    @pytest.mark.parametrize("path", ["process/", "process/what-if/", "leader/"])
    def test_pages_say_so(self, copied: Client, path: str) -> None:
        copy = Copy()
        before = copy.manifest
        copy.put(Manifest(next=before.next))
        try:
            assert "副本正在重建" in page_of(copied, path)
        finally:
            copy.put(before)

    def test_files_that_went_away_are_no_copy(self, copied: Client) -> None:
        copy = Copy()
        before = copy.manifest
        copy.put(replace(before, cases=("cases/gone.parquet",), copied_at="2026-11-01T00:00:00+00:00"))
        try:
            with pytest.raises(NotCopied):
                log_of(Selection())
            assert copied.get("/watch/process/times/").status_code == 200
        finally:
            copy.put(before)
