"""What a refusal says to a person (不予办理的说明): what was wrong, why, by which article, and what to do.

The kernel gives a code, parameters and the article; here every code has its sentences. Parameters that are codes of
the procedure (acts, clocks, documents, materials) are put into the words of its file before they are shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from zhengtong.kernel.refusals import Param, Refusal, RefusalCode
from zhengtong.kernel.terms import LAW_ZONE

C = RefusalCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A refusal in words; `article` as the procedure file writes it, empty for questions of shape."""

    what: str
    why: str
    how: str
    article: str


# code -> (what was wrong and why, what to do)
SENTENCES: Final[Mapping[RefusalCode, tuple[Promise, Promise]]] = {
    C.UNKNOWN_ACT: (lazy("这类办件没有“%(act)s”这个行为。"), lazy("请从办件页面上列出的行为里选择。")),
    C.WRONG_STATE: (lazy("办件现在的环节不能办“%(act)s”。"), lazy("请刷新页面，看看办件现在到了哪一步。")),
    C.NOT_YOUR_ROLE: (
        lazy("“%(act)s”不由您现在的岗位或身份来办。"),
        lazy("请由有职权的岗位办理；您如果是B角或受托人，请核对起止日期。"),
    ),
    C.NOT_YOUR_BRANCH: (lazy("这一项不是交给您的单位或岗位的。"), lazy("请由被征求或被交办的单位办理。")),
    C.NO_SUCH_BRANCH: (lazy("没有找到要答复的事项。"), lazy("请刷新页面，从列出的事项里选择。")),
    C.BRANCH_NOT_OPEN: (lazy("这一项已经办结，不能再办。"), lazy("请刷新页面看结果。")),
    C.BRANCH_NOT_TAKEN: (lazy("这一项还没有签收。"), lazy("请先签收，再反馈。")),
    C.BRANCH_NOT_ANSWERED: (lazy("这一项还没有反馈。"), lazy("请等承办单位反馈以后再审核。")),
    C.ACT_OF_THE_LAW: (lazy("“%(act)s”由法律直接发生，任何人不能代办。"), lazy("期限届满时系统会自动记录。")),
    C.CASE_CLOSED: (lazy("办件已经办结。"), lazy("需要更改的，请另行申请或按更正程序办理。")),
    C.NOT_AN_OPENING_ACT: (lazy("“%(act)s”不能用来新开一个办件。"), lazy("请从事项的办事指南进入申请。")),
    C.BEFORE_LAST_EVENT: (lazy("填写的发生时间早于上一条记录。"), lazy("请核对时间；补录不能插到已有记录之前。")),
    C.IN_THE_FUTURE: (lazy("填写的时间在将来。"), lazy("请填已经发生的时间。")),
    C.INPUT_MISSING: (lazy("“%(input)s”没有填。"), lazy("请补填以后再提交，已填的内容都还在。")),
    C.INPUT_UNKNOWN: (lazy("提交了这个行为没有的内容“%(input)s”。"), lazy("请刷新页面重新填写。")),
    C.INPUT_NOT_SHAPED: (lazy("“%(input)s”的格式不对。"), lazy("请按提示的格式填写。")),
    C.INPUT_NOT_A_CHOICE: (lazy("“%(input)s”不在可选的范围里。"), lazy("请从列出的选项里选一个。")),
    C.TERM_TOO_LONG: (lazy("填的期限超过了法律允许的上限 %(at_most)s。"), lazy("请填不超过上限的期限。")),
    C.MATERIALS_INCOMPLETE: (
        lazy("还有材料没有收到或没有核对为符合：%(materials)s。"),
        lazy("请先逐项核对；缺的请一次性告知申请人补正。"),
    ),
    C.TOO_MANY_TIMES: (
        lazy("“%(act)s”最多办 %(at_most)s 次，已经办过了。"),
        lazy("不能再办第二次；补正只能一次告知，此后应当受理或依法作出决定。"),
    ),
    C.SAME_PERSON: (
        lazy("您已经办过“%(done)s”，同一个人不能再办“%(act)s”。"),
        lazy("请由另一位有职权的人员办理（比较的是人，不是岗位）。"),
    ),
    C.NO_CONSENT: (
        lazy("“%(act)s”须先报 %(rank)s 批准，现在没有可用的批复。"),
        lazy("请先“报请批准”，批复同意后再办。"),
    ),
    C.LIMIT_PASSED: (
        lazy("“%(clock)s”已于 %(lapsed_at)s 届满，不能再办“%(act)s”。"),
        lazy("期限届满的后果已经依法发生，请看办件经过。"),
    ),
    C.LIMIT_NOT_STARTED: (lazy("“%(clock)s”还没有开始。"), lazy("请等期限开始以后再办。")),
    C.NOT_FAR_ENOUGH_AHEAD: (lazy("“%(input)s”离今天太近，依法至少要提前 %(by)s。"), lazy("请改为更晚的日期。")),
    C.NOT_WAITED: (lazy("依法要满 %(term)s 才能办，现在还没有满。"), lazy("请等期满以后再办。")),
    C.NOT_DONE_BEFORE: (lazy("须先办“%(done)s”，再办“%(act)s”。"), lazy("请先办前一步。")),
    C.ALREADY_DONE: (lazy("“%(done)s”已经办过。"), lazy("不必再办。")),
    C.BRANCHES_OPEN: (lazy("还有 %(open)s 项“%(group)s”没有结果。"), lazy("请等答复，或者等答复期限届满。")),
    C.VERDICTS_LACKING: (lazy("“%(group)s”的结论还不满足要求。"), lazy("请核对每一项的结论。")),
    C.NO_QUORUM: (lazy("同意的比例没有达到 %(share)s%%（现为 %(so)s / %(of)s）。"), lazy("请等更多答复。")),
    C.FEES_DUE: (lazy("还有费用没有缴清：%(fees)s。"), lazy("请先缴费入账，或依法办理减免。")),
    C.NOT_SERVED: (lazy("“%(document)s”还没有送达。"), lazy("请先送达并登记送达方式。")),
    C.FACT_DIFFERS: (lazy("这件办件的“%(fact)s”不适用这个行为。"), lazy("请核对办件的分类。")),
    C.OFFICERS_LACKING: (lazy("实地核查至少要 %(officers)s 名工作人员。"), lazy("请填写两名以上不同的人员。")),
    C.UNKNOWN_MATERIAL: (lazy("这件办件不需要材料“%(material)s”。"), lazy("请从材料清单里选择。")),
    C.UNKNOWN_FEE: (lazy("没有这一项应缴的费用“%(fee)s”。"), lazy("请从应缴费用里选择。")),
    C.FEE_AMOUNT_DIFFERS: (lazy("金额与应缴的不一致。"), lazy("请核对金额；一分不多收，一分不少收。")),
    C.UNKNOWN_DOCUMENT: (lazy("这件办件没有编号为“%(number)s”的文书。"), lazy("请从文书列表里选择。")),
    C.UNKNOWN_POST: (lazy("没有这个岗位“%(post)s”。"), lazy("请从在用的岗位里选择。")),
    C.CONSENT_NOT_ASKED_FOR: (lazy("没有等待批复的报批事项。"), lazy("请先由承办人报请批准。")),
    C.OWN_CONSENT: (lazy("报批和批复不能是同一个人。"), lazy("请由另一位有权批准的人批复。")),
    C.NOTHING_TO_REVERT: (lazy("没有可以撤回的行为。"), lazy("请看办件经过。")),
    C.NOT_THE_LATEST_ACT: (lazy("只能撤回最近一步（第 %(seq)s 条）。"), lazy("请从最近一步开始逐步撤回。")),
    C.FACTS_REST_ON_IT: (
        lazy("这一步之后已经送达、公开、缴费或答复，不能撤回。"),
        lazy("请依法另行作出撤销、变更等决定。"),
    ),
    C.NOT_CORRECTABLE: (
        lazy("这一项“%(path)s”不能更正。"),
        lazy("只能更正时点、暂停的截止、登记的事实和当事人填写的内容。"),
    ),
    C.ONLY_EARLIER: (
        lazy("收件和受理的时间只能往前更正（原为 %(was)s）。"),
        lazy("请填更早的时间，否则会损害申请人的期限利益。"),
    ),
    C.DOCUMENT_NEEDED: (lazy("更正“%(path)s”须有依据的文书。"), lazy("请填写文书编号。")),
    C.ALREADY_ACCEPTED: (lazy("办件已经受理，按受理时的规定办到底。"), lazy("新规定只适用于受理之前的办件。")),
    C.STATE_NOT_MAPPED: (lazy("新版程序里没有这个环节。"), lazy("请等新版程序写明怎样衔接。")),
    C.UNKNOWN_PROCEDURE: (lazy("没有程序“%(procedure)s”的 %(version)s 版。"), lazy("请核对程序代码和版本。")),
    C.UNKNOWN_OPTION: (lazy("这个程序没有选项“%(option)s”。"), lazy("请从程序列出的选项里选择。")),
    C.OPTIONS_EXCLUDE: (lazy("选项“%(option)s”和“%(other)s”不能同时选。"), lazy("请去掉其中一个。")),
    C.OPTION_REQUIRES: (lazy("选了“%(option)s”就要选“%(other)s”。"), lazy("请补选，或者两个都不选。")),
    C.PARAMETER_MISSING: (lazy("没有填“%(name)s”。"), lazy("请填写期限和单位，例如 20 个工作日。")),
    C.PARAMETER_TOO_LONG: (
        lazy("“%(name)s”超过了上限。"),
        lazy("请缩短：承诺时限不得长于法定时限，环节时限不得长于承诺时限。"),
    ),
    C.UNKNOWN_PARAMETER: (lazy("这个程序没有参数“%(parameter)s”。"), lazy("请从程序列出的参数里选择。")),
    C.ROLE_WITHOUT_POST: (lazy("“%(name)s”还没有指定岗位。"), lazy("请选择由哪个岗位担任。")),
    C.UNKNOWN_ROLE: (lazy("这个程序没有角色“%(role)s”。"), lazy("请从程序列出的角色里选择。")),
    C.UNKNOWN_ANSWER: (lazy("情形“%(question)s”没有选项“%(answer)s”。"), lazy("请回到情形问答重新选择。")),
    C.BAD_ITEM: (
        lazy("这个事项现在不能办理，或者内容不完整。"),
        lazy("请看办事指南上的说明；事项可能已经取消或还没有发布。"),
    ),
}


def say(refusal: Refusal, words: Mapping[str, str] | None = None, materials: Mapping[str, str] | None = None) -> Said:
    """The sentences of a refusal; `words` are the procedure's, `materials` the names of the item's materials."""
    named = _Named(words or {}, materials or {}, refusal.params)
    what, how = SENTENCES[refusal.code]
    params = {"act": "", "input": "", **{name: named.put(name, value) for name, value in refusal.params.items()}}
    return Said(what=_filled(str(what), params), why="", how=str(how), article=refusal.source)


def _filled(sentence: str, params: Mapping[str, str]) -> str:
    try:
        return sentence % params
    except KeyError:  # a code raised without the word its sentence names still says the rest
        return sentence % _Blank(params)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


class _Named:
    """Puts codes of a procedure into its words."""

    def __init__(self, words: Mapping[str, str], materials: Mapping[str, str], params: Mapping[str, Param]) -> None:
        self.words = words
        self.materials = materials
        self.act = str(params.get("act", ""))

    def put(self, name: str, value: Param) -> str:
        if isinstance(value, tuple):
            return "、".join(self.put(name, each) for each in value)
        if name == "lapsed_at" or name == "was":
            return datetime.fromisoformat(str(value)).astimezone(LAW_ZONE).strftime("%Y-%m-%d %H:%M")
        if name in ("materials", "material"):
            return self.materials.get(str(value), str(value))
        return next((self.words[key] for key in self._keys(name, str(value)) if key in self.words), str(value))

    def _keys(self, name: str, value: str) -> tuple[str, ...]:
        return {
            "act": (f"actions.{value}.name",),
            "done": (f"actions.{value}.name",),
            "clock": (f"clocks.{value}.name",),
            "document": (f"documents.{value}.name",),
            "group": (f"branches.{value}.name",),
            "rank": (f"roles.{value}.name",),
            "role": (f"roles.{value}.name",),
            "option": (f"options.{value}.name",),
            "other": (f"options.{value}.name",),
            "parameter": (f"parameters.{value}.name",),
            "input": (f"actions.{self.act}.inputs.{value}.label",),
            "fact": (f"actions.{self.act}.inputs.{value}.label",),
        }.get(name, ())
