"""What happened in the city (故事): each story a list of steps, one act a step, that many cases live through.

`after` says how long the one who acts waits: "20m" and "3h" of business time, "2d" working days, "1-3d" drawn between.
`by` is a role of the procedure, a rank, or `party`; empty stands for the first post that may do the act. A step whose
act the item's options leave out is passed over, so one story serves every item of a procedure. Values that begin with
@ are found in the case when the step comes (history.py). `ago`: how many working days before now a case opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from zhengtong.kernel.events import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    act: str
    by: str = ""
    after: str = "30m"
    inputs: Mapping[str, Json] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    branch: str = ""
    if_due: bool = False


Steps: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`count` cases of each full city live it. `lacks`: the application comes without one required paper."""

    name: str
    items: tuple[str, ...]
    steps: Steps
    ago: tuple[int, int]
    count: int
    online: bool | None = None
    lacks: bool = False


def act(code: str, by: str = "", after: str = "30m", *, branch: str = "", **values: Json) -> Step:
    """A step; words given as `say_<field>` are sealed."""
    words = {name[4:]: str(said) for name, said in values.items() if name.startswith("say_")}
    inputs = {name: value for name, value in values.items() if not name.startswith("say_")}
    return Step(act=code, by=by, after=after, inputs=inputs, words=words, branch=branch)


def consent(code: str, by: str, rank: str, *, draft: str, verdict: str = "granted", after: str = "2h") -> Steps:
    """报批: asked by the one who will act, answered by the rank."""
    asked = act("ask_consent", by, "1h", **{"for": code}, say_draft=draft)
    return (
        asked,
        act("give_consent", rank, after, branch="@consent", verdict=verdict, say_reason="同意按所拟意见办理。"),
    )


# ---- stretches that many stories share ----------------------------------------------------------

# Every received paper is checked: the step stands for one act a paper.
CHECK: Final = act("check_material", "window", "10m", material="@each_received", verdict="accepted")
OPEN: Final = (act("submit", "party", "0m"),)
ARRIVED: Final = (*OPEN, act("pass_precheck", "window", "20-90m"))
RECEIVED: Final = (*ARRIVED, CHECK)
ACCEPTED: Final = (
    *RECEIVED,
    act("accept", "window", "10-40m"),
    act("send_up", "lower", "2-4d", say_opinion="初审符合条件，报请审查。"),
)
FEE: Final = replace(
    act("settle_fee", "window", "1h", fee="@fee", how="paid", amount="@amount", receipt="@receipt"), if_due=True
)
PASSED: Final = (*ACCEPTED, act("pass", "undertaker", "1-2d", say_opinion="材料齐全，符合法定条件，拟同意。"))
REVIEWED: Final = (*PASSED, act("review", "reviewer", "2-7h", say_opinion="经审核，同意承办意见。"))
GRANT: Final = (act("grant", "approver", "1-6h", say_opinion="同意。"), FEE)
UNPUBLISHED: Final = (*GRANT, act("make", "issuer", "1-5h"))
PUBLISHED: Final = (act("publish", "issuer", "1-2d"),)
MADE: Final = (*UNPUBLISHED, *PUBLISHED)
HANDED: Final = (act("hand_over", "issuer", "1-3d", manner="direct"),)
GRANTED: Final = (*REVIEWED, *MADE)
RATED: Final = (act("rate", "party", "2-5h", level="5", channel="online", say_text="办得快，讲得清楚。"),)
SUPPLEMENT: Final = act(
    "notify_supplement", "window", "2-6h", missing="@missing", manner="@manner",
    say_explanation="缺少的材料请一次补齐；补正期限内送到窗口或者网上提交都可以。",
)  # fmt: skip
SUPPLIED: Final = (*ARRIVED, CHECK, SUPPLEMENT, act("supply", "party", "2-5d"), CHECK, act("accept", "window", "1-3h"))
DECIDE: Final = (
    act("pass", "undertaker", "1-2d", say_opinion="补正后符合法定条件，拟同意。"),
    act("review", "reviewer", "2-7h", say_opinion="同意承办意见。"), *MADE,
)  # fmt: skip

LICENCES: Final = (
    "qy-wj-0001", "qy-sc-0001", "qy-jt-0002", "qy-rs-0001", "qy-rs-0002", "qy-ny-0001", "qy-ny-0002", "qy-wl-0002",
        "qy-yc-0001",
    "qy-ga-0001", "qy-mz-0001", "qy-cg-0001", "qy-cg-0002", "qy-zr-0003", "qy-jy-0002", "qy-yj-0002", "qy-wj-0003",
)  # fmt: skip
QUICK: Final = ("qy-jt-0001", "qy-sc-0002", "qy-sc-0003", "qy-cg-0003", "qy-wl-0003")
SHORT: Final = ("qy-zj-0001", "qy-ga-0002")
SPECIAL: Final = (
    "qy-wj-0001",
    "qy-jt-0002",
    "qy-sw-0001",
    "qy-sw-0003",
    "qy-yj-0001",
    "qy-zj-0002",
    "qy-wj-0003",
    "qy-jy-0001",
)
HEARING: Final = ("qy-wl-0001", "qy-hb-0001", "qy-zr-0001", "qy-sw-0002")
RENEWAL: Final = ("qy-wj-0002",)
FEED: Final = ("qy-cg-0001", "qy-sw-0003")

BEGIN_SPECIAL: Final = (
    *consent("begin_special", "undertaker", "head", draft="需要专家现场评审，拟启动特别程序。"),
    act(
        "begin_special", "undertaker", "1h", branches=[{"kind": "expert_review"}],
        say_reason="依照法定条件需要专家评审，所需时间不计入办理期限，已书面告知。",
    ),
)  # fmt: skip
TOLD_OF_SPECIAL: Final = act(
    "serve", "issuer", "2-5h", number="@paper:special_notice", manner="direct", relation="self"
)
END_SPECIAL: Final = act(
    "end_special", "undertaker", "4-7d", verdict="passed", say_finding="评审通过，有整改建议三条，已整改。"
)
EXTEND: Final = (
    *consent("extend", "undertaker", "head", draft="需要核实相邻场所情况，原期限内难以办结，拟延长。"),
    act("extend", "undertaker", "1h", term="5 wd", say_reason="需要核实相邻场所情况。"),
)
OFFER: Final = act("offer_hearing", "undertaker", "1-2d", manner="direct")
REFUSED: Final = (
    *REVIEWED[:-1],
    act("review", "reviewer", "2-7h", say_opinion="同意承办意见，报批准岗决定。"),
    *consent("refuse", "approver", "superior", draft="现场与规定的间距不符，拟不予许可。", after="3-7h"),
    act(
        "refuse",
        "approver",
        "1h",
        say_reason="经现场核查，与规定的间距不符。如不服，可依法申请行政复议或者提起行政诉讼。",
    ),
)
LATE_PASS: Final = (act("pass", "undertaker", "9-11d", say_opinion="因核查排期延后，现已核查完毕，拟同意。"),)

LICENCE_STORIES: Final = (
    Story(name="granted, collected and rated", items=LICENCES, steps=(*GRANTED, *HANDED, *RATED),
        ago=(12, 30), count=42),
    Story(name="granted and collected", items=LICENCES, steps=(*GRANTED, *HANDED), ago=(8, 30), count=42),
    Story(name="submitted online, nobody has looked yet", items=LICENCES, steps=OPEN, ago=(0, 1), count=8,
        online=True),
    Story(name="received, papers being checked", items=LICENCES, steps=ARRIVED, ago=(0, 1), count=8),
    Story(name="supplement asked, applicant's turn", items=LICENCES, steps=(*RECEIVED, SUPPLEMENT), ago=(1, 9),
        count=9, lacks=True),
    Story(name="supplement about to lapse", items=LICENCES, steps=(*RECEIVED, SUPPLEMENT), ago=(14, 15), count=4,
        lacks=True),
    Story(name="supplement never came", items=LICENCES, steps=(*RECEIVED, SUPPLEMENT), ago=(19, 28), count=5,
        lacks=True),
    Story(name="supplemented, then granted", items=LICENCES, steps=(*SUPPLIED, *DECIDE, *HANDED), ago=(12, 28),
        count=14, lacks=True),
    Story(name="deemed accepted, then decided", items=LICENCES, steps=(
        *ARRIVED, replace(CHECK, after="6d"), *DECIDE, *HANDED,
    ), ago=(13, 28), count=1),
    Story(name="deemed accepted just now", items=LICENCES, steps=OPEN, ago=(6, 8), count=1),
    Story(name="being examined", items=LICENCES, steps=ACCEPTED, ago=(0, 2), count=14),
    Story(name="waiting for the reviewer", items=LICENCES, steps=PASSED, ago=(1, 2), count=8),
    Story(name="waiting for the chief representative", items=LICENCES, steps=REVIEWED, ago=(1, 3), count=8),
    Story(name="sent back by the chief representative, then granted", items=LICENCES, steps=(
        *REVIEWED, act("send_back", "approver", "2h", say_reason="请补充现场核查情况。"),
        act("check_on_site", "undertaker", "1d", officers="@officers", say_finding="现场与图纸一致。"),
        act("pass", "undertaker", "2h", say_opinion="已补充核查，拟同意。"),
        act("review", "reviewer", "3h", say_opinion="同意。"), *MADE, *HANDED,
    ), ago=(10, 24), count=4),
    Story(name="granted, waits to be made", items=LICENCES, steps=(*REVIEWED, GRANT[0]), ago=(4, 7), count=5),
    Story(name="licence made, waits to be collected", items=LICENCES, steps=GRANTED, ago=(5, 14), count=9),
    Story(name="fee due, not paid yet", items=FEED, steps=(*REVIEWED, GRANT[0]), ago=(5, 8), count=3),
    Story(name="special procedure is running", items=SPECIAL, steps=(*ACCEPTED, *BEGIN_SPECIAL, TOLD_OF_SPECIAL),
        ago=(3, 12), count=5),
    Story(name="special procedure over, granted", items=SPECIAL, steps=(
        *ACCEPTED, *BEGIN_SPECIAL, TOLD_OF_SPECIAL, END_SPECIAL, *DECIDE, *HANDED,
    ), ago=(18, 29), count=3),
    Story(name="special procedure over, notice never delivered", items=SPECIAL, steps=(
        *ACCEPTED, *BEGIN_SPECIAL, END_SPECIAL, *DECIDE, *HANDED,
    ), ago=(18, 29), count=1),
    Story(name="extension granted", items=("qy-wj-0001",), steps=(*ACCEPTED, *EXTEND), ago=(1, 2), count=4,
        online=True),
    Story(name="extension asked, head has not answered", items=LICENCES, steps=(*ACCEPTED, EXTEND[0]), ago=(1, 2),
        count=3),
    Story(name="extension not agreed to", items=LICENCES, steps=(
        *ACCEPTED, *consent("extend", "undertaker", "head", draft="拟延长十日。", verdict="denied"),
    ), ago=(1, 2), count=2),
    Story(name="hearing offered", items=HEARING, steps=(*ACCEPTED, OFFER), ago=(3, 5), count=3),
    Story(name="hearing offered, nobody asked for one, granted", items=HEARING, steps=(
        *ACCEPTED, OFFER, act("pass", "undertaker", "6-7d", say_opinion="无人要求听证，拟同意。"), *DECIDE[1:],
            *HANDED,
    ), ago=(17, 28), count=3),
    Story(name="hearing asked for and called", items=HEARING, steps=(
        *ACCEPTED, OFFER, act("ask_hearing", "party", "1-2d", say_reason="希望说明噪声治理方案。"),
        act("call_hearing", "chair", "1d", held_on="@in_10wd", say_place="政务服务中心四楼听证室"),
    ), ago=(6, 9), count=2),
    Story(name="hearing held, granted", items=HEARING, steps=(
        *ACCEPTED, OFFER, act("ask_hearing", "party", "1d", say_reason="希望说明噪声治理方案。"),
        act("call_hearing", "chair", "1d", held_on="@in_8wd", say_place="政务服务中心四楼听证室"),
        act("hold_hearing", "chair", "8d", say_minutes="申请人说明治理方案，利害关系人无异议。"), *DECIDE,
    ), ago=(24, 30), count=2),
    Story(name="refused, decision delivered", items=LICENCES, steps=(
        *REFUSED, act("serve", "issuer", "1d", number="@paper:refusal_decision", manner="direct", relation="self"),
        act("hand_over_refusal", "issuer", "30m"),
    ), ago=(10, 28), count=4),
    Story(name="refused, not delivered yet", items=LICENCES, steps=REFUSED, ago=(5, 8), count=2),
    Story(name="refusal waits for consent", items=LICENCES, steps=(*REVIEWED, REFUSED[-3]), ago=(2, 3), count=2),
    Story(name="another organ's matter", items=LICENCES, steps=(
        *RECEIVED, *consent("decline_no_jurisdiction", "window", "superior",
            draft="依法由市级机关受理，拟不予受理。"),
        act("decline_no_jurisdiction", "window", "30m", competent_organ="510100-wj",
            say_reason="该规模的场所由市级机关许可。"),
    ), ago=(4, 26), count=2),
    Story(name="no licence needed", items=LICENCES, steps=(
        *RECEIVED, *consent("not_required", "window", "superior", draft="依法不需要许可，拟告知。"),
        act("not_required", "window", "30m", say_reason="面积低于起点，依法不需要取得许可。"),
    ), ago=(4, 26), count=2),
    Story(name="decided on the spot", items=QUICK, steps=(
        *RECEIVED, act("grant_on_spot", "approver", "20m"), FEE, act("make", "issuer", "30m"),
        act("hand_over", "issuer", "20m", manner="direct"), *PUBLISHED,
    ), ago=(1, 30), count=18),
    Story(name="withdrawn before acceptance", items=LICENCES, steps=(
        *ARRIVED, act("withdraw", "party", "1d", say_reason="选址有变，先不办了。"),
    ), ago=(3, 28), count=4),
    Story(name="withdrawn while examined", items=LICENCES, steps=(
        *ACCEPTED, act("withdraw", "party", "1-2d", say_reason="改为整体转让。"),
    ), ago=(5, 28), count=3),
    Story(name="void: entered twice", items=LICENCES, steps=(
        *ARRIVED, *consent("void", "window", "head", draft="同一申请录入两次，拟作废后一件。"),
        act("void", "window", "30m", say_reason="重复录入。"),
    ), ago=(3, 25), count=2),
    Story(name="late against the promise, decided", items=("qy-wj-0001", "qy-sc-0001", "qy-rs-0001", "qy-zr-0003"),
        steps=(
        *ACCEPTED, *LATE_PASS, *DECIDE[1:], *HANDED,
    ), ago=(18, 28), count=2),
    Story(name="late against the promise, still open", items=("qy-wj-0001",),
          steps=ACCEPTED, ago=(7, 14), count=4),
    Story(name="late by law, still open", items=SHORT, steps=ACCEPTED, ago=(8, 11), count=4),
    Story(name="other departments asked, one has answered", items=LICENCES, steps=(
        *ACCEPTED, act("ask_opinion", "undertaker", "1d", branches=[{"to": "hb"}, {"to": "zr"}],
            say_question="选址是否符合规划和环保要求？"),
        act("give_opinion", "unit:hb", "1d", branch="@asked:hb", verdict="agree", say_opinion="符合要求，同意。"),
    ), ago=(2, 2), count=3),
    Story(name="other departments silent or agreed, granted", items=LICENCES, steps=(
        *ACCEPTED, act("ask_opinion", "undertaker", "1d", branches=[{"to": "hb"}, {"to": "zr"}],
            say_question="选址是否符合规划和环保要求？"),
        act("give_opinion", "unit:hb", "1-2d", branch="@asked:hb", verdict="agree", say_opinion="符合要求，同意。"),
        act("pass", "undertaker", "6d", say_opinion="自然资源部门逾期未答复，视为无意见；拟同意。"), DECIDE[1],
            *UNPUBLISHED, *HANDED,
    ), ago=(14, 26), count=2),
    Story(name="neighbours told", items=LICENCES, steps=(
        *ACCEPTED, act("tell_third_party", "undertaker", "1d", say_interest="相邻住户，涉及采光和噪声。"),
        act("state_views", "party", "1d", say_views="已与相邻住户协商，夜间不施工。"),
    ), ago=(2, 2), count=2),
    Story(name="accepted by mistake, struck out, accepted again", items=LICENCES, steps=(
        *ACCEPTED, *consent("revert", "window", "head", draft="误点受理，拟撤回。"),
        act("revert", "window", "20m", target="@seq:accept", say_reason="误操作：材料尚在核对。"),
        act("accept", "window", "2h"), *DECIDE[:2],
    ), ago=(2, 3), count=1),
    Story(name="receipt day corrected by the postmark", items=LICENCES, steps=(
        *ACCEPTED, *consent("correct", "undertaker", "head", draft="信函实际早一日寄达，拟更正收件时间。"),
        act("correct", "undertaker", "20m", target="@seq:submit", path="mark:received", value="@earlier:received",
            say_reason="以邮戳为准。"),
    ), ago=(1, 2), count=1, online=False),
    Story(name="renewal granted", items=RENEWAL, steps=(
        act("submit_renewal", "party", "0m", expires_on="@in_40wd"), act("pass_precheck", "window", "40m"), CHECK,
        act("grant_on_spot", "approver", "30m"), act("make", "issuer", "1h"), *PUBLISHED, *HANDED,
    ), ago=(3, 25), count=3),
    Story(name="renewal being examined", items=RENEWAL, steps=(
        act("submit_renewal", "party", "0m", expires_on="@in_33wd"), act("pass_precheck", "window", "40m"), CHECK,
        act("accept", "window", "1h"),
    ), ago=(0, 2), count=2),
    Story(name="renewal deemed granted when the old licence ran out", items=RENEWAL, steps=(
        act("submit_renewal", "party", "0m", expires_on="@in_31wd"), act("pass_precheck", "window", "40m"), CHECK,
        act("accept", "window", "1h"), act("make", "issuer", "33d"),
    ), ago=(36, 38), count=1),
    Story(name="first examined by the town", items=("qy-zr-0002",), steps=ACCEPTED[:-1], ago=(1, 5), count=2),
    Story(name="first examined by the town, granted", items=("qy-zr-0002",), steps=(*GRANTED, *HANDED), ago=(14,
        26), count=2),
    Story(name="forwarded to the higher organ", items=("qy-ga-0003",), steps=(
        *PASSED, FEE, act("forward", "approver", "3h", say_opinion="审查合格，转报签发。"),
    ), ago=(2, 28), count=6),
    Story(name="publication withheld", items=("qy-mz-0001", "qy-jy-0002"), steps=(
        *REVIEWED, *UNPUBLISHED, *consent("withhold_publication", "issuer", "head", draft="涉及个人隐私，拟不公开。"),
        act("withhold_publication", "issuer", "30m", say_reason="决定内容涉及个人隐私。"), *HANDED,
    ), ago=(10, 25), count=1),
)  # fmt: skip

# ---- confirmation, filing, public service -------------------------------------------------------

CONFIRMATIONS: Final = (
    "qy-ga-0021", "qy-mz-0022", "qy-mz-0023", "qy-mz-0024", "qy-ny-0021", "qy-rs-0021", "qy-zj-0021", "qy-zr-0021",
)  # fmt: skip
AT_ONCE: Final = ("qy-mz-0021", "qy-ga-0022", "qy-wj-0021", "qy-sc-0021")
FILINGS: Final = ("qy-ga-0011", "qy-hb-0011", "qy-mz-0011", "qy-ny-0011", "qy-wj-0012", "qy-yj-0011", "qy-zj-0011")
FILINGS_AT_ONCE: Final = ("qy-fg-0011", "qy-jt-0011", "qy-sc-0011", "qy-wj-0011", "qy-zj-0012")
SERVICES: Final = ("qy-jy-0031", "qy-mz-0031", "qy-sf-0031", "qy-yb-0032")
SERVICES_AT_ONCE: Final = (
    "qy-rs-0031",
    "qy-rs-0032",
    "qy-wj-0031",
    "qy-wl-0031",
    "qy-yb-0031",
    "qy-yb-0033",
    "qy-zr-0031",
)

TAKEN_IN: Final = (*OPEN, CHECK, act("accept", "window", "20m"))
COLLECTED: Final = (FEE, act("hand_over", "window", "1-3d", manner="direct"))
CONFIRMED: Final = (
    *TAKEN_IN, act("pass", "undertaker", "1-2d", say_opinion="事实清楚，材料齐全，拟予确认。"),
    act("confirm", "approver", "3h", say_opinion="同意。"),
)  # fmt: skip

OTHER_STORIES: Final = (
    Story(name="confirmed and collected", items=CONFIRMATIONS, steps=(*CONFIRMED, *COLLECTED), ago=(6, 30), count=12),
    Story(name="confirmed on the spot", items=AT_ONCE, steps=(
        *OPEN, CHECK, act("confirm_at_once", "approver", "20m"), FEE, act("hand_over", "window", "20m",
            manner="direct"),
    ), ago=(1, 30), count=12),
    Story(name="confirmation under examination", items=CONFIRMATIONS, steps=TAKEN_IN, ago=(0, 3), count=6),
    Story(name="confirmation received", items=CONFIRMATIONS, steps=OPEN, ago=(0, 0), count=3),
    Story(name="confirmation waits for the decision", items=CONFIRMATIONS, steps=CONFIRMED[:-1], ago=(1, 3), count=3),
    Story(name="confirmation denied", items=("qy-rs-0021", "qy-mz-0023"), steps=(
        *CONFIRMED[:-1], *consent("deny", "approver", "superior", draft="经核实不符合认定情形，拟不予确认。"),
        act("deny", "approver", "1h", say_reason="经核实，不符合认定情形。如不服，可依法申请复议或者提起诉讼。"),
        act("serve", "window", "1d", number="@paper:denial_decision", manner="direct", relation="self"),
        act("hand_over_denial", "window", "20m"),
    ), ago=(8, 24), count=2),
    Story(name="confirmation to be supplemented", items=CONFIRMATIONS, steps=(*OPEN, CHECK, SUPPLEMENT), ago=(1, 8),
        count=3, lacks=True),
    Story(name="confirmed, waits to be collected", items=("qy-zr-0021", "qy-ga-0021"), steps=CONFIRMED, ago=(4, 7),
        count=3),
    Story(name="filed on the spot", items=FILINGS_AT_ONCE, steps=(
        *OPEN, CHECK, act("record_at_once", "window", "15m"), act("hand_over", "window", "15m", manner="direct"),
    ), ago=(0, 30), count=14),
    Story(name="filed after a check", items=FILINGS, steps=(
        *TAKEN_IN, act("record", "undertaker", "1-2d", say_opinion="材料齐全，予以备案。"), *COLLECTED,
    ), ago=(4, 30), count=8),
    Story(name="filing being checked", items=FILINGS, steps=TAKEN_IN, ago=(0, 2), count=4),
    Story(name="filing to be supplemented", items=FILINGS, steps=(*OPEN, CHECK, SUPPLEMENT), ago=(1, 6), count=2,
        lacks=True),
    Story(name="filing declined after the supplement", items=FILINGS, steps=(
        *OPEN, CHECK, SUPPLEMENT, act("supply", "party", "2d"),
        *consent("decline_defective", "window", "superior", draft="补正后仍不符合要求，拟不予备案。"),
        act("decline_defective", "window", "30m", say_reason="预案未按导则编制，补正后仍缺风险评估。"),
    ), ago=(8, 22), count=1, lacks=True),
    Story(name="served on the spot", items=SERVICES_AT_ONCE, steps=(
        *OPEN, CHECK, act("provide_at_once", "window", "10m"), act("hand_over", "window", "10m", manner="direct"),
            *RATED,
    ), ago=(0, 30), count=14),
    Story(name="served after handling", items=SERVICES, steps=(
        *TAKEN_IN, act("provide", "undertaker", "1-3d", say_opinion="符合条件，已办理。"), *COLLECTED,
    ), ago=(6, 30), count=6),
    Story(name="service being handled", items=SERVICES, steps=TAKEN_IN, ago=(0, 3), count=5),
    Story(name="service refused", items=("qy-sf-0031", "qy-yb-0032"), steps=(
        *TAKEN_IN, *consent("refuse", "undertaker", "superior", draft="不符合规定条件，拟不予办理。"),
        act("refuse", "undertaker", "1h", say_reason="不符合规定的病种范围。"),
    ), ago=(6, 24), count=1),
)  # fmt: skip

# ---- hotline, information, tasks, cards ---------------------------------------------------------

ORDER: Final = ("hotline_order",)
CALL: Final = act("file", "party", "0m", secret=False, say_content="@complaint")
DISPATCHED: Final = (
    CALL, act("classify", "operator", "10-30m", urgency="normal", category="complaint"),
    act("dispatch", "dispatcher", "10-40m", unit="@unit"),
)  # fmt: skip
HANDLED: Final = (*DISPATCHED, act("sign_for", "unit", "1-3h"))
REPLIED: Final = (*HANDLED, act("reply", "unit", "1-3d", contacted=True, say_reply="已到现场处理，并当面向您说明。"))
CALLED_BACK: Final = (act("close", "operator", "3-6h", solved="solved", satisfaction="s5"),)
INFORMATION: Final = ("information_request_free", "information_request")
ASKED: Final = (
    act("apply", "party", "0m", provide="electronic", channel="internet", say_wanted="@wanted"),
    act("confirm_receipt", "clerk", "2-5h"), act("take_up", "clerk", "1-4h"),
)  # fmt: skip
DISCLOSED: Final = act("disclose", "officer", "3-8d", say_reply="该信息予以公开，全文附后。")
TASK: Final = (
    act("propose", "office", "0m", say_subject="@task"),
    *consent("establish", "office", "leader", draft="会议议定事项，拟立项督办。"),
    act("establish", "office", "1h", branches=[{"to": "zj", "kind": "lead"}, {"to": "cg", "kind": "assist"}]),
)
SIGNED: Final = (
    act("sign_for", "unit:zj", "1-3h", branch="@asked:zj"), act("sign_for", "unit:cg", "1h", branch="@asked:cg"),
)  # fmt: skip
REPORTED: Final = (
    act("report", "unit:zj", "4-6d", branch="@asked:zj", verdict="done", say_report="已完成整改，附现场照片。"),
    act("report", "unit:cg", "1d", branch="@asked:cg", verdict="done", say_report="已配合完成。"),
)
CARD: Final = act(
    "propose", "supervisor", "0m", level="@level", subject="@late_case", unit="@late_unit",
    say_finding="该件超过承诺时限仍未作出决定，期间没有依法停计的记录。",
)  # fmt: skip
ISSUED: Final = (CARD, act("issue", "supervisor", "2h"))

INTERNAL_STORIES: Final = (
    Story(name="order closed, satisfied", items=ORDER, steps=(*REPLIED, *CALLED_BACK), ago=(4, 30), count=10),
    Story(name="order answered at once", items=ORDER, steps=(
        CALL, act("answer_at_once", "operator", "10m", say_reply="可以在网上预约，节假日照常。"), *CALLED_BACK,
    ), ago=(1, 30), count=5),
    Story(name="order done again", items=ORDER, steps=(
        *REPLIED, act("redo", "operator", "4h", say_reason="路灯修好两天又不亮了。"),
        act("reply", "unit", "2d", contacted=True, say_reply="更换了电缆，已连续观察两晚。"), *CALLED_BACK,
    ), ago=(10, 26), count=2),
    Story(name="order just registered", items=ORDER, steps=(CALL,), ago=(0, 0), count=2),
    Story(name="order dispatched, not signed for", items=ORDER, steps=DISPATCHED, ago=(0, 0), count=3),
    Story(name="order in hand", items=ORDER, steps=HANDLED, ago=(1, 3), count=4),
    Story(name="order in hand, late", items=ORDER, steps=HANDLED, ago=(7, 9), count=1),
    Story(name="order returned, to be ruled on", items=ORDER, steps=(
        *HANDLED, act("return_order", "unit", "3h", say_reason="不属于本单位职责。"),
    ), ago=(1, 2), count=1),
    Story(name="order ruled on, handled", items=ORDER, steps=(
        *HANDLED, act("return_order", "unit", "3h", say_reason="不属于本单位职责。"), act("rule", "centre", "4h",
            unit="cg"),
        act("sign_for", "unit", "2h"), act("reply", "unit", "2d", contacted=True, say_reply="已修复路面。"),
            *CALLED_BACK,
    ), ago=(9, 24), count=2),
    Story(name="order replied, call-back due", items=ORDER, steps=REPLIED, ago=(3, 4), count=3),
    Story(name="order extended", items=ORDER, steps=(
        *HANDLED, *consent("extend", "unit", "superior", draft="需要协调产权单位，拟延长三个工作日。"),
        act("extend", "unit", "1h", term="3 wd", say_reason="需要协调产权单位。"),
    ), ago=(2, 4), count=1),
    Story(name="order out of scope", items=ORDER, steps=(
        *DISPATCHED[:2], *consent("out_of_scope", "dispatcher", "superior", draft="已进入诉讼程序，拟不予受理。"),
        act("out_of_scope", "dispatcher", "20m", say_reason="该事项已进入诉讼程序，请通过法院解决。"),
    ), ago=(3, 20), count=1),
    Story(name="information disclosed", items=INFORMATION, steps=(*ASKED, DISCLOSED, act("deliver", "clerk", "1d",
        manner="electronic")),
          ago=(12, 30), count=4, online=True),
    Story(name="information request in hand", items=INFORMATION, steps=ASKED, ago=(1, 12), count=3, online=True),
    Story(name="information: third party consulted", items=INFORMATION, steps=(
        *ASKED, act("consult_third_party", "officer", "2d", branches=[{"to": "sc"}],
            say_question="是否涉及商业秘密？"),
    ), ago=(5, 9), count=1, online=True),
    Story(name="information withheld in part", items=INFORMATION, steps=(
        *ASKED, *consent("disclose_partly", "officer", "officehead", draft="含个人信息，拟区分处理后公开。"),
        act("disclose_partly", "officer", "1d", say_reply="附件一公开。",
            say_reason="附件二含个人身份信息，不予公开。"),
        act("deliver", "clerk", "1d", manner="electronic"),
    ), ago=(10, 24), count=1, online=True),
    Story(name="information: to be supplemented", items=INFORMATION, steps=(
        *ASKED[:2], act("ask_supplement", "clerk", "1d", manner="electronic",
            say_reason="请写明文件名称、文号或者大致年份。"),
    ), ago=(4, 9), count=1, online=True),
    Story(name="information: given up by silence", items=INFORMATION, steps=(
        *ASKED[:2], act("ask_supplement", "clerk", "1d", manner="electronic",
            say_reason="请写明文件名称、文号或者大致年份。"),
    ), ago=(20, 27), count=1, online=True),
    Story(name="information: fee to be paid", items=("information_request",), steps=(
        *ASKED, act("demand_fee", "officer", "1d"),
    ), ago=(4, 9), count=1, online=True),
    Story(name="task struck off", items=("supervised_task",), steps=(
        *TASK, *SIGNED, *REPORTED, act("accept_report", "office", "1d", branch="@asked:zj"),
        act("accept_report", "office", "30m", branch="@asked:cg"),
        *consent("strike_off", "office", "leader", draft="各项已完成，拟销号。"), act("strike_off", "office", "1h"),
    ), ago=(16, 26), count=2),
    Story(name="task running, reports in", items=("supervised_task",), steps=(
        *TASK, *SIGNED, REPORTED[0], act("urge", "office", "1d", say_words="请城管局本周内反馈。"),
    ), ago=(8, 12), count=2),
    Story(name="task to be signed for", items=("supervised_task",), steps=(*TASK, SIGNED[0]), ago=(1, 2), count=1),
    Story(name="task proposed", items=("supervised_task",), steps=TASK[:2], ago=(0, 1), count=1),
    Story(name="card closed after correction", items=("card",), steps=(
        *ISSUED, act("acknowledge", "unit", "2h"), act("report", "unit", "2d",
            say_measures="已增派人员，调整核查排期。"),
        act("close", "supervisor", "1d"),
    ), ago=(6, 10), count=2),
    Story(name="card issued", items=("card",), steps=ISSUED, ago=(1, 1), count=1),
    Story(name="card being corrected", items=("card",), steps=(*ISSUED, act("acknowledge", "unit", "2h")), ago=(2,
        4), count=1),
    Story(name="card objected to", items=("card",), steps=(
        *ISSUED, act("acknowledge", "unit", "2h"),
        act("appeal", "unit", "1d", ground="special_not_recorded", say_reason="现场检测期间未录入特别程序。"),
    ), ago=(3, 4), count=1),
    Story(name="card revoked on objection", items=("card",), steps=(
        *ISSUED, act("appeal", "unit", "4h", ground="applicant_cause", say_reason="申请人要求改期核查。"),
        act("revoke", "reviewer", "2d", say_reason="经复核，延误由申请人原因造成。"),
    ), ago=(6, 9), count=1),
)  # fmt: skip

STORIES: Final = (*LICENCE_STORIES, *OTHER_STORIES, *INTERNAL_STORIES)


def choose(wanted: int) -> list[Story]:
    """So many stories: one of each first, then by their counts, so that a small city has every stage too.

    >>> len(choose(30)), len({story.name for story in choose(len(STORIES))}) == len(STORIES)
    (30, True)
    """
    chosen: list[Story] = []
    turn = 0
    while len(chosen) < wanted:
        told = [story for story in _by_weight() if story.count > turn] or list(STORIES)
        chosen += told
        turn += 1
    return chosen[:wanted]


def _by_weight() -> list[Story]:
    """The commonest first: a very small city is made of them."""
    return sorted(STORIES, key=lambda story: -story.count)
