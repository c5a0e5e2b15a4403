"""One body of every kind, with every field filled: what the frozen samples were made of."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from zhengtong.kernel import events as e
from zhengtong.kernel.events import Body

AT = datetime(2026, 3, 2, 1, 30, 0, 250, tzinfo=UTC)
SEALED: Mapping[str, str] = {"words": "c" * 64}

BODIES: tuple[Body, ...] = (
    e.Opened(number="510199007260302000014", procedure="licence", version="2026-01-01", item="qy-wj-0001",
             item_version=3, binding="b" * 64, channel="window", parent=None, answers={"new": "yes"}),
    e.Acted(act="accept", left="received", entered="accepted", marks={"accepted": AT},
            inputs={"days": 20, "is_urgent": False, "list": ["a", None], "map": {"中": "文"}}, sealed=SEALED,
            facts={"unit": "wj"}, parties={"applicant": "s-1"}, outcome=None, consent=None),
    e.Deemed(act="accept", left="received", entered="accepted", clock="acceptance", clock_seq=4, lapsed_at=AT,
             marks={"accepted": AT}, outcome=None),
    e.Corrected(target=3, path="mark:accepted", was="2026-03-03", value={"at": "2026-03-02"},
                document="清卫〔2026〕1号", sealed=SEALED, consent="c-1"),
    e.Reverted(target=5, entered="received", sealed=SEALED, consent="c-1", rebuts="acceptance"),
    e.Rebound(version="2026-07-01", item_version=4, binding="d" * 64, state="received"),
    e.Assigned(role="reviewer", post="wj-sp-review", unit="wj-sp", dept="wj", manner="b_role", basis="absence 7"),
    e.Linked(relation="duplicate_of", other="510199007260302000022"),
    e.Retracted(what="document", ref="清卫〔2026〕1号", sealed=SEALED, consent="c-1"),
    e.Noted(sealed=SEALED),
    e.ClockStarted(clock="legal", from_at=AT, from_mark="accepted", legal="20 wd", promised="10 wd",
                   until=date(2026, 4, 1), calendar="CN", edition="CN-2026-1"),
    e.ClockHeld(clock="legal", why="supplement"),
    e.ClockResumed(clock="legal", why="supplement"),
    e.ClockExtended(clock="legal", by="10 wd", consent="c-1"),
    e.ClockStopped(clock="legal", how="met"),
    e.BranchOpened(branch="b-1", group="opinion", kind="expert", to="sc-sp",
                   child="510199007260302000030", sealed=SEALED),
    e.DocumentIssued(document="acceptance", number="清卫受〔2026〕12号", template="acceptance", commitment="e" * 64,
                     seal="wj"),
    e.FeeDemanded(fee="health", amount=12_000, basis="发改价格〔2026〕1号"),
    e.ResultIssued(result="licence", number="清卫证〔2026〕3号", valid_from=date(2026, 3, 10),
                   valid_to=date(2030, 3, 9), commitment="f" * 64),
    e.Published(what="decision", where="portal", until=date(2026, 4, 10)),
    e.MaterialReceived(material="form", form="paper", commitment="a" * 64),
    e.MaterialChecked(material="form", verdict="defective", sealed=SEALED),
    e.BranchTaken(branch="b-1"),
    e.BranchAnswered(branch="b-1", verdict="agree", sealed=SEALED),
    e.BranchReturned(branch="b-1", sealed=SEALED),
    e.BranchSettled(branch="b-1", verdict="agree", sealed=SEALED),
    e.DocumentServed(number="清卫受〔2026〕12号", manner="direct", relation="self"),
    e.FeeSettled(fee="health", how="paid", amount=12_000, receipt="r-1", consent=None),
    e.Rated(level=5, channel="window", sealed=SEALED),
    e.Erased(sealed="3:words", basis="个人信息保护法 47", consent="c-1"),
)  # fmt: skip
