"""Going to see (明查暗访) in the demonstration: one spot check drawn, seen and reported with photographs, another that
waits for the chief, and one rule drafted and tried on the weeks before."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from zhengtong.accounts import clock
from zhengtong.cases.actions import Wish, attach, open_case, perform
from zhengtong.kernel.authority import Actor
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.events import Json
from zhengtong.kernel.terms import LAW_ZONE, law_day
from zhengtong.ledger.record import new_key
from zhengtong.site.demo.organisation import REGION
from zhengtong.site.demo.staffing import Staffing
from zhengtong.supervision import drafting, trying
from zhengtong.supervision.spot_checks import Check, draw_sample, read_check

SUPERVISOR, CHIEF = "zx-jc-supervisor", "zx-jc-chief"
ITEM: Final = "spot_check"
AFTERNOON: Final = time(15, 10)
DRAWN, SEEN, REPORTED, PLANNED = 6, 5, 3, 1
"""Working days before now."""
PURPOSE: Final = "看窗口在工作时间有没有人、有没有公示办理时限。"
NEXT_PURPOSE: Final = "核对办结件里的告知书和送达回证是不是都在。"
FOUND: Final = (
    ("problem", "下午三点十分到窗口，没有工作人员，也没有暂停服务的牌子，十五分钟以后有人回来。", 2),
    ("in_order", "窗口有人，办理时限和投诉电话都公示了。", 1), ("in_order", "窗口有人，在给群众讲需要哪些材料。", 0),
    ("not_seen", "窗口当天并到综合窗口，没有单独开。", 0),
)  # fmt: skip
REPORT: Final = "抽查四个窗口，一个窗口空岗十五分钟。请该单位说明原因，并在空岗时摆放暂停服务的牌子、写明回来的时间。"
TRIED_RULE: Final = "SJ-17"
TRIED_THRESHOLD: Final = "1 wd"
TRIED_DAYS: Final = 60


@dataclass(slots=True, kw_only=True)
class Inspecting:
    """What the supervisors go and see, and what they would like to change."""

    staffing: Staffing
    calendar: Calendar
    check: int = 0

    def live(self, day: date, now: datetime) -> None:
        """One afternoon, so many working days before now."""
        left = self.calendar.count(day, law_day(now))
        at = datetime.combine(day, AFTERNOON, LAW_ZONE)
        if not self.calendar.is_working(day) or at > now:
            return
        with clock.fixed(at):
            match left:
                case n if n == DRAWN:
                    self._draw(at)
                case n if n == SEEN and self.check:
                    self._see(at)
                case n if n == REPORTED and self.check:
                    self._do(Wish(act="report", private={"report": REPORT}), SUPERVISOR, at)
                case n if n == PLANNED:
                    self._plan(at, drawn_from="cases", manner="announced", purpose=NEXT_PURPOSE, count=5)

    def _actor(self, post: str, at: datetime) -> Actor:
        return self.staffing.actor_at(post, at)

    def _plan(self, at: datetime, *, drawn_from: str, manner: str, purpose: str, count: int) -> int:
        since, until = at.date() - timedelta(days=30), at.date()
        inputs: Mapping[str, Json] = {
            "manner": manner, "drawn_from": drawn_from, "since": since.isoformat(), "until": until.isoformat(),
            "count": count,
        }  # fmt: skip
        made = open_case(
            actor=self._actor(SUPERVISOR, at), at=at, item=ITEM, answers={}, channel="window",
            wish=Wish(act="plan", inputs=inputs, private={"purpose": purpose}), key=_key(at, "plan"),
        )  # fmt: skip
        return made.case_id

    def _draw(self, at: datetime) -> None:
        self.check = self._plan(at, drawn_from="windows", manner="unannounced", purpose=PURPOSE, count=len(FOUND))
        agreed = at + timedelta(minutes=20)
        with clock.fixed(agreed):
            self._do(Wish(act="approve"), CHIEF, agreed)
        later = agreed + timedelta(minutes=2)
        with clock.fixed(later):
            actor = self._actor(SUPERVISOR, later)
            draw_sample(self._read(later), (REGION,), actor=actor, at=later, key=_key(later, "draw"))

    def _see(self, at: datetime) -> None:
        actor = self._actor(SUPERVISOR, at)
        for n, (thing, (verdict, words, photos)) in enumerate(zip(self._read(at).things, FOUND, strict=False)):
            then = at + timedelta(minutes=25 * n)
            with clock.fixed(then):
                private: dict[str, Json] = {"found": words}
                if photos:
                    picture = draw_window(is_manned=verdict == "in_order")
                    private["photos"] = attach("现场照片.png", picture, "image/png", actor=actor, at=then)
                inputs = {"branch": thing.branch, "verdict": verdict}
                wish = Wish(act="record", inputs=inputs, private=private, branch=thing.branch)
                self._do(wish, SUPERVISOR, then)

    def _read(self, at: datetime) -> Check:
        return read_check(self.check, at, may_read=True)

    def _do(self, wish: Wish, post: str, at: datetime) -> None:
        key = _key(at, f"{wish.act}:{wish.branch}")
        perform(actor=self._actor(post, at), at=at, case_id=self.check, wish=wish, key=key)

    def draft_a_rule(self, now: datetime) -> None:
        """A milder threshold for one rule, tried on the weeks before; whether to put it in force is for the chief."""
        at = now - timedelta(minutes=40)
        draft = drafting.begin_draft(author=self._actor(SUPERVISOR, at).person, at=at)
        book = drafting.read_book(draft.toml)
        table = {**book.rules[TRIED_RULE], "threshold": TRIED_THRESHOLD, "name": "环节超时一个工作日以上"}
        changed = book.with_rule(TRIED_RULE, table, "Step late by more than one working day")
        later = at + timedelta(minutes=10)
        drafting.save_draft(draft, changed, at=later)
        draft.refresh_from_db()
        since = law_day(now) - timedelta(days=TRIED_DAYS)
        wanted = trying.Wanted(rule=TRIED_RULE, since=since, until=law_day(now), sample=0)
        trying.ask(draft, wanted, (REGION,), at=now)


def _key(at: datetime, what: str) -> str:
    return new_key(at, zlib.crc32(what.encode()).to_bytes(4) + b"check1")


# ---- photographs ----------------------------------------------------------------------------------------

WIDE, HIGH = 480, 320
Colour = tuple[int, int, int]
WALL, COUNTER, FRONT, GLASS = (226, 230, 234), (150, 116, 84), (120, 86, 54), (198, 216, 226)
SCREEN, CHAIR = (48, 62, 78), (92, 104, 118)
FACE, COAT = (222, 188, 160), (44, 82, 130)


def draw_window(*, is_manned: bool) -> bytes:
    """A drawing that stands for a photograph: a counter with a screen and a chair, and somebody on it or not.

    >>> draw_window(is_manned=True)[:4], draw_window(is_manned=False) == draw_window(is_manned=True)
    (b'\\x89PNG', False)
    """
    shapes = list(_shapes(is_manned))
    lines = bytearray()
    for y in range(HIGH):
        line = bytearray(bytes(WALL) * WIDE)
        for left, top, right, bottom, colour in shapes:
            if top <= y < bottom:
                line[left * 3 : right * 3] = bytes(colour) * (right - left)
        lines += b"\0" + line
    header = struct.pack(">IIBBBBB", WIDE, HIGH, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(lines), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _shapes(is_manned: bool) -> Iterator[tuple[int, int, int, int, Colour]]:
    yield 60, 40, 420, 220, GLASS
    yield 200, 120, 280, 240, CHAIR
    if is_manned:
        yield 196, 150, 284, 240, COAT
        yield 216, 96, 264, 152, FACE
    yield 300, 150, 390, 212, SCREEN
    yield 336, 212, 354, 232, SCREEN
    yield 20, 228, 460, 250, COUNTER
    yield 40, 250, 440, 320, FRONT


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
