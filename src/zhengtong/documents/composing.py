"""What stands on a paper: one writer for each template, from a `Matter` to the plain values that typst prints.

The words of official documents are Chinese in every language of the pages. Fields: DOMAIN 1.4.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from zhengtong.documents import wording
from zhengtong.documents.matters import (
    HIDDEN,
    Matter,
    Rows,
    branch_lines,
    clock_rows,
    code_of,
    guide,
    input_rows,
    input_words,
    limit_words,
    material_name,
    party_of,
    person_words,
    provisional,
)
from zhengtong.documents.queries import paper_name
from zhengtong.kernel.clocks import Clock, find_clock
from zhengtong.kernel.events import Acted, DocumentIssued, MaterialReceived, ResultIssued
from zhengtong.law.remedies import find_remedies

DEMO: Final = "本文书由示例系统生成，印章、签章均为示例，不具法律效力。"
CERTIFICATE: Final = "certificate"


def compose(matter: Matter, *, verify: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The name of the template, and what it prints."""
    if isinstance(matter.body, ResultIssued):
        return CERTIFICATE, _certificate(matter) | _shared(matter, verify)
    template = matter.bound.documents[matter.body.document].template
    made = {"paragraphs": [], "rows": [], "notes": [], "materials": [], "long": [], "officers_label": "承办人"}
    return template, made | _shared(matter, verify) | _WRITERS[template](matter)


def _shared(matter: Matter, verify: Mapping[str, str]) -> dict[str, Any]:
    body, name = matter.body, name_of(matter)
    label, party = party_of(matter)
    return {
        "face": "public" if matter.private is None else "full",
        "organ": matter.organ,
        "name": name,
        "number": body.number,
        "party_label": label,
        "party": party,
        "addressee": party,
        "item_label": "申请事项" if matter.state.parties else "事项",
        "item": matter.bound.item_name,
        "item_code": str(matter.content.get("national_code") or matter.bound.item),
        "case": matter.state.number,
        "basis": wording.basis_words(str(matter.paper["source"]), matter.bound.sources),
        "date": wording.day_words(matter.event.at),
        "seal": seal_of(matter),
        "sealed_with": True,
        "copies": "本文书一式两份，一份送达当事人，一份存档。",
        "foot": DEMO,
        "verify": dict(verify),
    }


def name_of(matter: Matter) -> str:
    return paper_name(matter.bound, matter.body)


def seal_of(matter: Matter) -> str:
    """Which of the organ's seals: for licences their own, before acceptance that of the window."""
    template = matter.body.template if isinstance(matter.body, DocumentIssued) else CERTIFICATE
    if template in ("receipt", "supplement"):
        return "收件专用章"
    if template in ("acceptance", "non_acceptance"):
        return "受理专用章"
    return "行政许可专用章" if matter.bound.procedure == LICENSING else "业务专用章"


LICENSING: Final = "licence"


# ---- one writer for each template -----------------------------------------------------------------


def _receipt(matter: Matter) -> dict[str, Any]:
    received = matter.paper["marks"].get("received") or matter.event.at.isoformat()
    lines = list(_received_lines(matter))
    what = "提交的下列材料" if lines else "提交的申请"
    rows: Rows = [
        ("收件时间", wording.instant_words(received)),
        ("收件人", _handler(matter)),
        ("查询码", _query_words(matter)),
        *[row for row in input_rows(matter, *_FORM_INPUTS) if row[1] != HIDDEN],
        ("联系电话", _telephones(matter)),
    ]
    return {
        "paragraphs": [f"你（单位）就“{matter.bound.item_name}”{what}，本机关已经收到，特发此凭证。"],
        "materials": lines,
        "rows": [row for row in rows if row[1]],
        "notes": [*_deemed_notes(matter), "本凭证只证明收到材料，不表示材料齐全，也不表示已经受理。"],
    }


_FORM_INPUTS: Final = ("applicant", "citizen", "form", "given")


def _query_words(matter: Matter) -> str:
    if matter.private is None or not matter.query_code:
        return "（公开版不显示）" if matter.query_code else ""
    return f"{matter.query_code}（凭办件编号和查询码，在 {matter.base_url} 查询进度）"


def _telephones(matter: Matter) -> str:
    said = {"咨询": guide(matter, "phone"), "监督": guide(matter, "complaint")}
    return "　".join(f"{what} {number}" for what, number in said.items() if number)


def _handler(matter: Matter) -> str:
    """Who took it: the person at the window, or the system when the applicant sent it in."""
    name = matter.names.people.get(matter.event.person, "")
    post = matter.names.posts.get(matter.event.post, "")
    if matter.event.post:
        return f"{post}　{name}".strip("　")
    return "政务服务平台（网上收件）"


def _received_lines(matter: Matter) -> Iterator[tuple[str, ...]]:
    copies = {str(row.get("code")): row for row in content_materials(matter)}
    number = 0
    for event in matter.batch:
        if isinstance(event.body, MaterialReceived):
            number += 1
            body = event.body
            known = copies.get(body.material, {})
            if body.form == "electronic":
                count = matter.files.get(body.commitment, 0)
                more = ("电子", "—", "—", f"{count}个文件" if count else "—")
            else:
                more = ("纸质", "", str(known.get("copies", "") or ""), "")
            yield (str(number), material_name(matter, body.material), *more)


def content_materials(matter: Matter) -> list[Mapping[str, Any]]:
    rows = matter.content.get("materials")
    return list(rows) if isinstance(rows, list) else []


def _deemed_notes(matter: Matter) -> Iterator[str]:
    """What silence of the organ will mean, if the procedure says so."""
    for rule in matter.bound.clocks.values():
        act = matter.bound.actions.get(rule.deem or "")
        clock = matter.clock(rule.code)
        if act is None or clock is None or "accepted" not in act.marks:
            continue
        basis = wording.basis_words(rule.source, matter.bound.sources)
        yield (
            f"本机关自收到材料之日起{wording.term_words(clock.legal)}内（{wording.day_words(clock.due_on)}前）"
            f"没有一次性告知需要补正的全部内容的，自收到材料之日起即为受理（{basis}）。"
        )


def _supplement(matter: Matter) -> dict[str, Any]:
    wanted = matter.paper["inputs"].get("missing") or []
    known = {str(row.get("code")): row for row in content_materials(matter)}
    forms = {"paper": "纸质", "electronic": "电子", "either": "纸质或者电子"}
    lines = [
        (
            str(at),
            material_name(matter, code),
            forms.get(str(known.get(code, {}).get("form")), "纸质或者电子"),
            str(known.get(code, {}).get("copies", "") or "1"),
        )
        for at, code in enumerate((code_of(each) for each in wanted), start=1)
    ]
    waiting = next((rule.code for rule in matter.bound.clocks.values() if rule.whose != "organ" and rule.deem), None)
    clock = matter.clock(waiting) if waiting else None
    rows = input_rows(matter, "missing", "manner")
    if clock is not None:
        rows += clock_rows(clock, "补正期限", "补正期限")
    place, phone = guide(matter, "place"), guide(matter, "phone")
    where = f"登录政务服务平台上传，或者交到{place or '办理窗口'}"
    rows.append(("补正方式和地点", f"{where}；联系电话{phone}" if phone else where))
    notes = [
        "本告知为一次性告知；等待补正的时间不计入本机关的办理期限。",
    ]
    if clock is not None and (act := matter.bound.actions.get(matter.bound.clocks[clock.clock].deem or "")):
        notes.append(f"逾期没有补正又没有说明正当理由的，按“{act.name}”处理；以后材料齐全可以重新提出申请。")
    return {
        "paragraphs": [
            (
                f"你（单位）提交的“{matter.bound.item_name}”申请收悉。经核对，申请材料不齐全或者不符合规定形式，"
                "现将需要补正的全部内容一次性告知如下，请在期限内补正。"
            )
        ],
        "materials": lines,
        "rows": [row for row in rows if row[1]],
        "notes": notes + provisional(clock),
    }


def _acceptance(matter: Matter) -> dict[str, Any]:
    clock = matter.main_clock()
    accepted = matter.paper["marks"].get("accepted") or matter.event.at.isoformat()
    if matter.is_deemed:
        opening = "本机关在法定期限内没有告知需要补正的内容，依法自收到申请材料之日起视为受理。"
    else:
        opening = "经审查，申请材料齐全、符合规定形式，属于本机关职权范围，本机关决定予以受理。"
    rows: Rows = [("受理日期", wording.day_words(accepted))]
    if clock is not None:
        rows += clock_rows(clock, "法定办结期限", "承诺办结期限")
    rows += [
        ("收费", _fee_words(matter)),
        ("查询方式", f"{matter.base_url}　凭办件编号查询"),
        ("联系人与电话", guide(matter, "phone")),
        ("监督电话", guide(matter, "complaint")),
        ("办理地点", guide(matter, "place")),
    ]
    notes = [
        "依法进行听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审的时间不计入办理期限，所需时间另行书面告知。",
    ] if matter.bound.procedure == LICENSING else []  # fmt: skip
    return {
        "paragraphs": [f"你（单位）提出的“{matter.bound.item_name}”申请收悉。{opening}"],
        "rows": [row for row in rows if row[1]] + input_rows(matter),
        "notes": notes + provisional(clock),
    }


def _fee_words(matter: Matter) -> str:
    if not matter.bound.fees:
        return "不收费"
    return "；".join(f"{line.name}{wording.money_words(line.amount)}（{line.basis}）" for line in matter.bound.fees)


def _decision_rows(matter: Matter, *skip: str) -> Rows:
    return [*input_rows(matter, *skip), *_consent_rows(matter)]


def _consent_rows(matter: Matter) -> Rows:
    """Who agreed, at which rank and when, where the act needed it."""
    head = next((each.body for each in matter.batch if isinstance(each.body, Acted)), None)
    branch = matter.state.branches.get(head.consent) if head is not None and head.consent else None
    if branch is None or branch.settled_at is None:
        return []
    role = matter.bound.roles.get(branch.to)
    rank = role.name if role else matter.names.posts.get(branch.to, "")
    who = matter.names.people.get(branch.settled_by, "")
    return [("批准人", f"{rank}　{who}".strip("　")), ("批准日期", wording.day_words(branch.settled_at))]


def _non_acceptance(matter: Matter) -> dict[str, Any]:
    verb = _outcome(matter)
    return {
        "paragraphs": [
            f"你（单位）提出的“{matter.bound.item_name}”申请收悉。经审查，本机关决定：{verb}。情形和理由如下："
        ],
        "rows": _decision_rows(matter),
        "notes": _remedies(matter),
    }


def _outcome(matter: Matter) -> str:
    outcome = matter.bound.outcomes.get(matter.act.outcome or "")
    return outcome.name if outcome else matter.act.name


def _remedies(matter: Matter) -> list[str]:
    """Where to turn against a decision (the terms: law.remedies). Source: 行政复议法（2023）24；行政许可法 38(2)."""
    region = matter.names.regions.get(matter.bound.region, "")
    return [find_remedies(matter.content).notice(f"{region}人民政府")]


def _termination(matter: Matter) -> dict[str, Any]:
    if matter.is_deemed:
        why = f"因“{matter.act.name}”，本机关依照规定终止办理。"
    else:
        why = "按照你（单位）的要求，本机关终止办理。"
    return {
        "paragraphs": [
            f"你（单位）提出的“{matter.bound.item_name}”申请，{why}",
            "以后需要办理的，可以重新提出申请。已经提交的材料可以到办理窗口领回。",
        ],
        "rows": [("终止日期", wording.day_words(matter.event.at)), ("办理结果", _outcome(matter)), *input_rows(matter)],
    }


def _special(matter: Matter) -> dict[str, Any]:
    kinds = list(branch_lines(matter))
    return {
        "paragraphs": [
            (
                f"你（单位）提出的“{matter.bound.item_name}”申请正在审查。依法需要进行下列特别程序，"
                "所需时间不计入办理期限，现书面告知。"
            )
        ],
        "rows": [
            ("程序种类", "\n".join(kinds)),
            ("开始日期", wording.day_words(matter.event.at)),
            *_decision_rows(matter, "branches"),
        ],
        "notes": [
            "特别程序期间办理期限停止计算；程序结束的次日起恢复计算，剩余期限接着计算。",
            "特别程序全部结束以后，本机关会在办件进度中说明新的届满日期。",
        ],
    }


def _extension(matter: Matter) -> dict[str, Any]:
    code = matter.act.extends.clock if matter.act.extends else ""
    now = matter.clock(code)
    was = (
        find_clock(matter.bound, matter.before, code, matter.calendar, matter.event.at)
        if matter.before and code
        else None
    )
    rows: Rows = [
        ("原届满日期", _due_words(was)),
        ("延长期限", wording.term_words(now.extensions[-1]) if now and now.extensions else ""),
        ("新届满日期", _due_words(now)),
        *_decision_rows(matter, "term"),
    ]
    return {
        "paragraphs": [
            f"“{matter.bound.item_name}”在规定的期限内不能办结。依照规定经批准，决定延长办理期限，现将期限和理由告知如下："
        ],
        "rows": [row for row in rows if row[1]],
        "notes": provisional(now),
    }


def _due_words(clock: Clock | None) -> str:
    if clock is None:
        return ""
    if clock.due_on is None:
        return "暂停计时，恢复以后另行告知"
    return wording.day_words(clock.due_on)


def _notice(matter: Matter) -> dict[str, Any]:
    label, name = "", ""
    for rule in matter.act.inputs:
        if rule.kind == "party":
            label, name = rule.label, person_words(matter, rule.name)
    return {
        "addressee": name or party_of(matter)[1],
        "paragraphs": [
            (
                f"本机关正在审查“{matter.bound.item_name}”申请（申请人：{party_of(matter)[1]}），"
                "发现该事项直接关系你（单位）的重大利益。你（单位）有权进行陈述和申辩；依法应当听证的，有权要求听证。"
            )
        ],
        "rows": [*input_rows(matter), ("陈述地点", guide(matter, "place")), ("联系电话", guide(matter, "phone"))],
        "notes": ["请在收到本告知书后尽快提出意见；口头提出的，本机关制作笔录。"],
    } | ({"party_label": label, "party": name} if name else {})


def _hearing(matter: Matter) -> dict[str, Any]:
    requested = next(
        (
            clock
            for rule in matter.bound.clocks.values()
            if rule.whose == "party" and (clock := matter.clock(rule.code))
        ),
        None,
    )
    name = name_of(matter)
    says = {
        "offers": f"你（单位）提出的“{matter.bound.item_name}”申请涉及重大利益关系，你（单位）有权要求听证。",
        "calls": f"关于“{matter.bound.item_name}”的听证定于下列时间、地点举行，请准时参加。",
        "refuses": f"关于“{matter.bound.item_name}”的听证要求，本机关经研究决定不予听证，理由如下：",
    }
    if "不予" in name:
        paragraphs, notes = [says["refuses"]], _remedies(matter)
    elif matter.act.to is None or any(rule.kind == "date" for rule in matter.act.inputs):
        paragraphs = [says["calls"]]
        notes = [
            "认为主持人与本办件有直接利害关系的，有权申请回避。",
            "可以委托代理人参加，可以提出证据、进行申辩和质证。",
            "无正当理由不参加的，视为放弃听证。",
        ]
    else:
        paragraphs, notes = [says["offers"]], ["听证不收取费用。逾期不提出要求的，视为放弃听证权利。"]
    rows = _decision_rows(matter)
    if requested is not None and requested.due_on is not None and not notes[0].startswith("认为"):
        rows += clock_rows(requested, "要求听证期限", "要求听证期限")
    rows += [("受理机构", matter.organ), ("联系电话", guide(matter, "phone"))]
    return {"paragraphs": paragraphs, "rows": [row for row in rows if row[1]], "notes": notes}


def _record(matter: Matter) -> dict[str, Any]:
    long = [
        (rule.label, input_words(matter, rule))
        for rule in matter.act.inputs
        if rule.sealed and rule.kind in ("text", "reason")
    ]
    rows: Rows = [
        ("时间", wording.instant_words(matter.event.at)),
        ("地点", str((matter.private or {}).get("place", "")) or guide(matter, "place")),
        ("主持（承办）人", _handler(matter)),
        *input_rows(matter, *(rule.name for rule in matter.act.inputs if rule.sealed)),
        ("事由", f"{matter.bound.item_name}：{matter.act.name}"),
    ]
    officers = next((rule.label for rule in matter.act.inputs if rule.kind == "people"), "主持人")
    return {"rows": [row for row in rows if row[1]], "long": long, "officers_label": officers, "addressee": ""}


def _grant(matter: Matter) -> dict[str, Any]:
    decided = matter.paper["marks"].get("decided") or matter.event.at.isoformat()
    if matter.is_deemed:
        opening = f"本机关在法定期限内没有作出决定，依法{matter.act.name}。"
    else:
        opening = f"经审查，符合法定条件、标准，本机关决定：{_outcome(matter)}。"
    # 批准意见 is the organ's own paper trail and no part of the decision that is served.
    rows: Rows = [
        ("决定内容", f"{matter.bound.item_name}：{_outcome(matter)}"),
        ("决定日期", wording.day_words(decided)),
        *_result_rows(matter),
        *input_rows(matter, "opinion"),
        ("领取方式", "窗口领取、邮寄或者下载电子证照，可以在办件进度中选择"),
        ("领取地点", guide(matter, "place")),
        ("公开属性", "主动公开"),
    ]
    return {
        "paragraphs": [f"你（单位）提出的“{matter.bound.item_name}”申请，{opening}"],
        "rows": [row for row in rows if row[1]],
        "notes": ["请按照决定载明的范围和条件从事活动，并接受依法进行的监督检查。"]
        if matter.bound.procedure == LICENSING
        else [],
    }


def _result_rows(matter: Matter) -> Rows:
    rows: Rows = []
    issued = {result.result: result for result in matter.state.results.values()}
    for code, line in matter.bound.results.items():
        rows.append(("证照名称", line.name or matter.bound.result_kinds[code].name))
        if code in issued:
            rows.append(("证照编号", issued[code].number))
        rows.append(("有效期", wording.term_words(line.valid) or "长期有效"))
    return rows


def _refusal(matter: Matter) -> dict[str, Any]:
    return {
        "paragraphs": [
            (
                f"你（单位）提出的“{matter.bound.item_name}”申请，经审查，本机关决定：{_outcome(matter)}。"
                "事实、理由和依据如下："
            )
        ],
        "rows": [("决定日期", wording.day_words(matter.event.at)), *_decision_rows(matter)],
        "notes": _remedies(matter),
    }


def _letter(matter: Matter) -> dict[str, Any]:
    rows = _decision_rows(matter)
    clock = matter.main_clock()
    if clock is not None and clock.due_on is not None and clock.status == "running":
        rows += [(clock.name, limit_words(wording.term_words(clock.legal), wording.day_words(clock.due_on)))]
    rows += [("联系电话", guide(matter, "phone"))]
    what = f"关于“{matter.bound.item_name}”，现就“{matter.act.name}”函告如下："
    outcome = [("办理结果", _outcome(matter))] if matter.act.outcome else []
    return {"paragraphs": [what], "rows": [row for row in [*outcome, *rows] if row[1]]}


def _delivery(matter: Matter) -> dict[str, Any]:
    papers = [
        f"{matter.bound.documents[each.document].name}（{each.number}）"
        for each in matter.state.documents.values()
        if each.document in _delivered(matter) and not each.retracted
    ]
    papers += [
        f"{paper_name(matter.bound, event.body)}（{event.body.number}）"
        for event in matter.state.history
        if isinstance(event.body, ResultIssued) and event.seq not in matter.state.struck
    ]
    manner = next((input_words(matter, rule) for rule in matter.act.inputs if rule.name == "manner"), "")
    rows: Rows = [
        ("受送达人", party_of(matter)[1]),
        ("申请事项", matter.bound.item_name),
        ("办件编号", matter.state.number),
        ("送达文书、证照\n名称及文号", "\n".join(papers)),
        ("送达方式", manner or "直接送达　□留置　□委托　□邮寄　□电子　□公告"),
        ("送达地点", guide(matter, "place")),
        ("送达时间", wording.instant_words(matter.event.at)),
        ("受送达人签名\n或者盖章", "\n　　　　　　　　　　　　　年　　月　　日"),
        ("代收人及其与\n受送达人的关系", "\n"),
        ("拒收事由", "\n"),
        ("见证人", ""),
        ("送达人", _handler(matter)),
        ("备注", ""),
    ]
    return {"rows": rows, "copies": ""}


def _delivered(matter: Matter) -> frozenset[str]:
    return frozenset(
        code for code, kind in matter.bound.documents.items() if kind.template in ("grant", "refusal", "letter")
    )


def _certificate(matter: Matter) -> dict[str, Any]:
    body = matter.body
    assert isinstance(body, ResultIssued)
    label, party = party_of(matter)
    value = (matter.private or {}).get(next(iter(matter.state.parties), ""))
    number = str(value.get("number", "")) if isinstance(value, dict) and value.get("kind") == "organisation" else ""
    until = wording.day_words(body.valid_to) or "长期"
    rows: Rows = [
        (label.replace("申请人", "持有人"), party),
        ("信用代码", number),
        ("许可事项" if matter.bound.procedure == LICENSING else "办理事项", matter.bound.item_name),
        ("有效期", f"自{wording.day_words(body.valid_from)}至{until}"),
        ("依据", wording.basis_words(str(matter.paper["source"]), matter.bound.sources)),
        ("办件编号", matter.state.number),
    ]
    return {"rows": [row for row in rows if row[1]]}


_WRITERS: Final[Mapping[str, Callable[[Matter], dict[str, Any]]]] = {
    "receipt": _receipt,
    "supplement": _supplement,
    "acceptance": _acceptance,
    "non_acceptance": _non_acceptance,
    "termination": _termination,
    "record": _record,
    "special": _special,
    "extension": _extension,
    "notice": _notice,
    "hearing": _hearing,
    "grant": _grant,
    "refusal": _refusal,
    "letter": _letter,
    "delivery": _delivery,
}
