"""What the city may be made to do wrong (异常): one closed list of kinds, what the law makes impossible, what waits.

Each kind has a dose. `rate` is a share in a thousand of the cases that could show it, never fewer than `least`; for
pattern kinds only `least` counts, for each thirty days. A dose of 0 plants nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from zhengtong.kernel.refusals import RefusalCode


class Family(StrEnum):
    """What a rule has to look at to find it: a limit, the history of one case, or many cases."""

    CLOCK = "clock"
    CONDUCT = "conduct"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of a kind: a share in a thousand of the cases that could show it, at least so many."""

    rate: float
    least: int = 2


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a kind is called, where it is asked for, and how it shows."""

    name: str
    name_en: str
    source: str
    family: Family
    dose: Dose
    needs_days: int = 10
    is_planted: bool = (
        True  # False: follows from other kinds (a late step makes a promise late) and is told when it does
    )


_C, _B, _P = Family.CLOCK, Family.CONDUCT, Family.PATTERN
_S43: Final = "DOMAIN 4.3"
_P5: Final = "PEERS 3 row 5"


class Kind(StrEnum):
    """The closed list. The value is the code in the truth file."""

    # limits
    PROMISE_MISSED = "promise_missed"
    LIMIT_MISSED = "limit_missed"
    STEP_OVERDUE = "step_overdue"
    NOTICE_LATE = "notice_late"
    ACCEPTANCE_DEEMED = "acceptance_deemed"
    DELIVERY_LATE = "delivery_late"
    PUBLICITY_LATE = "publicity_late"
    SPECIAL_OVERRUN = "special_overrun"
    OPINION_SILENT = "opinion_silent"
    FORWARDING_LATE = "forwarding_late"
    HOTLINE_LATE = "hotline_late"
    HOTLINE_SIGNED_LATE = "hotline_signed_late"
    DISCLOSURE_LATE = "disclosure_late"
    # one case's history
    ACCEPTANCE_BACKDATED = "acceptance_backdated"
    STEP_BACKDATED = "step_backdated"
    SAME_PERSON = "same_person"
    NEEDLESS_SUPPLEMENT = "needless_supplement"
    SPECIAL_UNSERVED = "special_unserved"
    SPECIAL_REPEATED = "special_repeated"
    HELD_AT_THE_LIMIT = "held_at_the_limit"
    WITHDRAWN_AT_THE_LIMIT = "withdrawn_at_the_limit"
    CLOSED_WITHIN_MINUTES = "closed_within_minutes"
    OPINION_MISSING = "opinion_missing"
    MATERIAL_WAIVED = "material_waived"
    CONFORMING_DECLINED = "conforming_declined"
    RECEIPT_MISSING = "receipt_missing"
    FEE_OUTSIDE = "fee_outside"
    ACT_REVERTED = "act_reverted"
    MARK_CORRECTED = "mark_corrected"
    CALLER_NOT_CONTACTED = "caller_not_contacted"
    # many cases
    ZERO_ACCEPTANCE = "zero_acceptance"
    REGISTERS_ONLY = "registers_only"
    TWO_DOORS = "two_doors"
    AUTHORITY_TAKEN_BACK = "authority_taken_back"
    MASS_OVERDUE = "mass_overdue"
    VOID_RATIO = "void_ratio"
    MONTH_END_BATCH = "month_end_batch"
    AFTER_HOURS_BULK = "after_hours_bulk"
    IDENTICAL_DURATIONS = "identical_durations"
    ONLINE_CLOSED = "online_closed"
    RATING_BURST = "rating_burst"

    @property
    def family(self) -> Family:
        return MEANINGS[self].family


MEANINGS: Final[Mapping[Kind, Meaning]] = {
    Kind.PROMISE_MISSED: Meaning("超过承诺时限", "Promised time exceeded", f"{_S43}(2); S-87", _C, Dose(4)),
    Kind.LIMIT_MISSED: Meaning("超过法定时限", "Statutory limit exceeded", f"{_S43} time; S-88, S-90", _C, Dose(2), 20),
    Kind.STEP_OVERDUE: Meaning("环节超时而总时限未到", "A step over, the whole in time", f"{_S43}(3)", _C, Dose(4)),
    Kind.NOTICE_LATE: Meaning(
        "五日内未受理、未告知补正", "Neither accepted nor asked within 5 wd", f"{_S43} time", _C, Dose(2)
    ),
    Kind.ACCEPTANCE_DEEMED: Meaning(
        "逾期未告知，视为受理", "Accepted by silence of the window", f"{_S43} time", _C, Dose(2)
    ),
    Kind.DELIVERY_LATE: Meaning("逾期颁发送达", "Result not made ready within 10 wd", f"{_S43} time", _C, Dose(2), 30),
    Kind.PUBLICITY_LATE: Meaning(
        "双公示超过七日", "Decision published after 7 wd", f"{_S43} disclosure", _C, Dose(2), 25
    ),
    Kind.SPECIAL_OVERRUN: Meaning("特别程序超期", "Special procedure overran", f"{_S43} time", _C, Dose(2), 50),
    Kind.OPINION_SILENT: Meaning(
        "联办部门逾期未反馈", "Asked department did not answer in time", f"{_S43} joint feedback", _C, Dose(2), 20
    ),
    Kind.FORWARDING_LATE: Meaning("下级机关逾期报送", "Lower organ forwarded late", f"{_S43}(4)", _C, Dose(2), 38),
    Kind.HOTLINE_LATE: Meaning(
        "热线工单逾期答复", "Hotline order answered late", f"{_S43} complaint reply", _C, Dose(4), 14
    ),
    Kind.HOTLINE_SIGNED_LATE: Meaning("工单逾期签收", "Hotline order signed for late", f"{_S43} step", _C, Dose(4)),
    Kind.DISCLOSURE_LATE: Meaning(
        "信息公开逾期答复", "Information request answered late", f"{_S43} disclosure reply", _C, Dose(4, 1), 38
    ),
    Kind.ACCEPTANCE_BACKDATED: Meaning("倒签受理时间", "Acceptance dated back", f"{_S43} process", _B, Dose(2)),
    Kind.STEP_BACKDATED: Meaning("补录倒签办理环节", "A step dated back", _P5, _B, Dose(2)),
    Kind.SAME_PERSON: Meaning(
        "受理与办结同一人", "One person accepted and decided", f"{_S43} process; S-100", _B, Dose(2)
    ),
    Kind.NEEDLESS_SUPPLEMENT: Meaning(
        "材料已齐仍要求补正", "Supplement asked, no new material came", _P5, _B, Dose(2), 15
    ),
    Kind.SPECIAL_UNSERVED: Meaning(
        "特别程序未告知申请人", "Special procedure, its notice never served", f"{_S43} process", _B, Dose(2), 15
    ),
    Kind.SPECIAL_REPEATED: Meaning(
        "反复启动特别程序", "Special procedure begun again", f"{_S43} process", _B, Dose(2), 20
    ),
    Kind.HELD_AT_THE_LIMIT: Meaning("临到期停表", "Held on the eve of the limit", _P5, _B, Dose(2), 30),
    Kind.WITHDRAWN_AT_THE_LIMIT: Meaning(
        "临到期由窗口代为撤回", "Withdrawn by the window on the eve of the limit", _P5, _B, Dose(2), 20
    ),
    Kind.CLOSED_WITHIN_MINUTES: Meaning(
        "体外循环：承诺件数分钟内登记并办结",
        "Registered and decided within minutes",
        f"{_S43} process; S-92",
        _B,
        Dose(2),
    ),
    Kind.OPINION_MISSING: Meaning("审批意见缺失", "Decision without an opinion", f"{_S43} content", _B, Dose(2)),
    Kind.MATERIAL_WAIVED: Meaning(
        "应收材料未收，勾选免交", "Required material never came, ticked as waived", f"{_S43} content", _B, Dose(2)
    ),
    Kind.CONFORMING_DECLINED: Meaning(
        "材料合格而不予受理", "Materials accepted, application not", f"{_S43}(1)", _B, Dose(2)
    ),
    Kind.RECEIPT_MISSING: Meaning("收费无票据", "Fee without a receipt", f"{_S43} fee", _B, Dose(20)),
    Kind.FEE_OUTSIDE: Meaning("中心外交费", "Fee collected outside the centre", f"{_S43} fee; S-95", _B, Dose(20)),
    Kind.ACT_REVERTED: Meaning("撤回已作出的行为", "An act struck out", "PROCEDURES 9", _B, Dose(1)),
    Kind.MARK_CORRECTED: Meaning("更正受理时间", "The instant of receipt corrected", "PROCEDURES 9", _B, Dose(1)),
    Kind.CALLER_NOT_CONTACTED: Meaning(
        "未联系诉求人即答复", "Answered without contacting the caller", "DOMAIN 7", _B, Dose(10)
    ),
    Kind.ZERO_ACCEPTANCE: Meaning(
        "零受理窗口", "A window that accepted nothing", f"{_S43} hall; S-91", _P, Dose(0, 1), 28
    ),
    Kind.REGISTERS_ONLY: Meaning(
        "只挂号不看病", "A window that registers and never decides", "S-93", _P, Dose(0, 1), 28
    ),
    Kind.TWO_DOORS: Meaning("两头受理", "Accepted at two doors", "S-92", _P, Dose(0, 1), 28),
    Kind.AUTHORITY_TAKEN_BACK: Meaning(
        "授权不到位", "Authority given and taken back case by case", "S-94", _P, Dose(0, 1), 28
    ),
    Kind.MASS_OVERDUE: Meaning("大量业务办理超时", "Deadlines missed in masses", "S-90", _P, Dose(0, 1), 28),
    Kind.VOID_RATIO: Meaning("作废办结比例异常", "Too many closed as void", f"{_S43} process", _P, Dose(0, 1), 28),
    Kind.MONTH_END_BATCH: Meaning(
        "月末集中办结", "Closed in one batch at the end of the month", f"{_S43} process", _P, Dose(0, 1), 28
    ),
    Kind.AFTER_HOURS_BULK: Meaning("下班后集中录入", "Entered in bulk after hours", _P5, _P, Dose(0, 1), 15),
    Kind.IDENTICAL_DURATIONS: Meaning("办理时长雷同", "A long run of identical durations", _P5, _P, Dose(0, 1), 15),
    Kind.ONLINE_CLOSED: Meaning(
        "可网办事项一律窗口受理", "An online item taken at the window only", f"{_S43}(6)", _P, Dose(0, 1), 28
    ),
    Kind.RATING_BURST: Meaning("集中刷好评", "Good ratings in one burst", _P5, _P, Dose(0, 1), 15),
}

DOSES: Final[Mapping[str, Dose]] = {kind.value: meaning.dose for kind, meaning in MEANINGS.items()}


@dataclass(frozen=True, slots=True)
class Prevented:
    """What cannot be planted because the kernel refuses it; a test proves each refusal."""

    code: str
    name: str
    name_en: str
    source: str
    refusal: RefusalCode


PREVENTED: Final = (
    Prevented(
        "step_skipped", "环节缺失、颠倒", "A step skipped or reordered", f"{_S43} process", RefusalCode.WRONG_STATE
    ),
    Prevented(
        "same_person_licence",
        "许可的受理与批准同一人",
        "One person accepts and approves a licence",
        f"{_S43} process",
        RefusalCode.SAME_PERSON,
    ),
    Prevented("extended_twice", "两次延期", "Extended twice", f"{_S43} process", RefusalCode.TOO_MANY_TIMES),
    Prevented(
        "extended_unapproved", "未经批准延期", "Extended without approval", f"{_S43} process", RefusalCode.NO_CONSENT
    ),
    Prevented(
        "extended_after_expiry", "逾期后延期", "Extended after expiry", f"{_S43} process", RefusalCode.LIMIT_PASSED
    ),
    Prevented(
        "supplement_twice", "多次要求补正", "Supplement asked twice", f"{_S43} process", RefusalCode.TOO_MANY_TIMES
    ),
    Prevented(
        "refused_unreasoned",
        "不予许可不说明理由",
        "Refused without reasons",
        f"{_S43}(5) content",
        RefusalCode.INPUT_MISSING,
    ),
    Prevented(
        "refused_unreported",
        "否定结果未报批",
        "Refused without the superior's consent",
        f"{_S43}(5)",
        RefusalCode.NO_CONSENT,
    ),
    Prevented(
        "material_not_collected",
        "必收材料未收",
        "Decided without a required material",
        f"{_S43} content",
        RefusalCode.MATERIALS_INCOMPLETE,
    ),
    Prevented(
        "material_beyond_list",
        "超清单要件",
        "A material beyond the list",
        f"{_S43} content",
        RefusalCode.UNKNOWN_MATERIAL,
    ),
    Prevented(
        "over_scope",
        "超范围审批",
        "Decided by a post without the power",
        f"{_S43} content; S-95",
        RefusalCode.NOT_YOUR_ROLE,
    ),
    Prevented(
        "fee_off_catalogue",
        "收取目录外费用",
        "A fee that is not on the list",
        f"{_S43} fee; S-95",
        RefusalCode.UNKNOWN_FEE,
    ),
    Prevented(
        "fee_amount",
        "收费金额与标准不符",
        "An amount other than the standard",
        f"{_S43} fee; S-95",
        RefusalCode.FEE_AMOUNT_DIFFERS,
    ),
    Prevented("fee_waived_unapproved", "无依据减免", "Waived without consent", f"{_S43} fee", RefusalCode.UNKNOWN_FEE),
    Prevented(
        "result_before_fee", "未缴费先出证", "Result made before the fee was paid", f"{_S43} fee", RefusalCode.FEES_DUE
    ),
    Prevented("decided_before_accepted", "决定早于受理", "Decided before accepted", _P5, RefusalCode.BEFORE_LAST_EVENT),
    Prevented("future_dated", "预填办理时间", "Dated into the future", _P5, RefusalCode.IN_THE_FUTURE),
    Prevented("own_consent", "自己报批自己批", "One's own consent", "DOMAIN 10.1", RefusalCode.OWN_CONSENT),
    Prevented(
        "accepted_after_closing",
        "办结后再操作",
        "Acted on after it was closed",
        f"{_S43} process",
        RefusalCode.CASE_CLOSED,
    ),
    Prevented(
        "notice_after_limit",
        "逾期再告知补正",
        "Supplement asked after the five days",
        f"{_S43} time",
        RefusalCode.WRONG_STATE,
    ),
)

# Prevented by the shape of the law, not by a refusal: nothing can be asked for that would do it.
IMPOSSIBLE: Final[Mapping[str, str]] = {
    "special_without_notice": "begin_special issues the notice in its own batch (unserved: planted)",
    "closed_without_document": "every act with an outcome issues a document; `law check` refuses others",
    "result_before_acceptance_date": "a result's first day is the day of the act; no act has an input for another",
    "item_cancelled": "catalogue.queries.published() answers none; cases.actions.open_case refuses with bad_item",
    "accepted_not_by_law": "a lapsed notice limit accepts the case by itself (planted as acceptance_deemed)",
}

WAITING: Final[Mapping[str, str]] = {
    "empty_post": "空岗: needs attendance of the room `windows` (sign-on at a window)",
    "counter_closed": "窗口停办: needs opening hours of windows as facts",
    "long_queue": "排队超过30分钟: needs queue tickets",
    "fee_not_remitted": "未缴库: needs the room `fees` (remittance)",
    "guide_missing": "办事指南缺失、过期: needs the room `disclosure`; published items always carry their guide",
    "late_push": "数据迟报、漏报: needs the room `federation` (push to the upper platform)",
    "ratings_from_one_device": "同一设备刷评: the event Rated holds no device; planted as rating_burst instead",
    "bad_rating_unanswered": "差评未整改: needs the room `voices`",
    "agent_never_free": "代办收费: no fact carries it",
}
