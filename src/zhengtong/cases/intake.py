"""What the window page asks and shows (窗口收件): the situation, who came, each material with a three-way strip.

The page is drawn from the item and its opening act; what is handed in becomes one opening act with its verdicts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Self

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from zhengtong.cases.act_forms import Filled, form_class, is_handing_in, read_filled
from zhengtong.cases.actions import Wish
from zhengtong.cases.articles import article_words
from zhengtong.cases.clock_views import term_words
from zhengtong.cases.opening import Opening
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import Term
from zhengtong.ui.forms import FieldSpec, TypedForm, build_form
from zhengtong.windows.queries import windows_at

RECEIVED, MISSING, DEFECTIVE = "received", "missing", "defective"
STRIP: Final = (RECEIVED, MISSING, DEFECTIVE)
AGENT, UNTIL = "agent", "until"
MOST_WHY: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the situation tree, with what was answered."""

    code: str
    text: str
    help: str
    choices: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripLine:
    """One material at the window: received, missing or with a fault; what to tell the applicant about it."""

    code: str
    name: str
    note: str
    need: str
    is_free: bool
    choices: tuple[tuple[str, str, bool], ...]
    why: str
    copies: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeView:
    """The window page."""

    item: str
    title: str
    organ: str
    limits: str
    questions: tuple[Question, ...]
    materials: tuple[StripLine, ...]
    tally: tuple[int, int, int]
    fees: tuple[tuple[str, int], ...]
    article: str
    follows: tuple[str, ...]
    public: str
    act_name: str
    is_mine: bool
    window: str


@dataclass(slots=True, kw_only=True)
class IntakeForms:
    """The act's own form without its materials, and the form of an agent who came instead."""

    form: TypedForm
    agent: TypedForm
    is_posted: bool

    @classmethod
    def of(
        cls, opening: Opening, data: QueryDict | None, files: MultiValueDict[str, "UploadedFile[Any]"] | None
    ) -> Self:
        """Bound to what was typed; drawn without complaints until the receipt is asked for."""
        asked = opening.asked
        strips = [
            rule.name
            for rule in asked.rule.inputs
            if rule.kind == "materials" and is_handing_in(asked.rule, asked.bound)
        ]
        act = form_class(asked, without=strips)
        agent = build_form(
            [
                FieldSpec(name=AGENT, label=_("来的人（受托人）"), kind="party", required=False),
                FieldSpec(name=UNTIL, label=_("委托书有效期至"), kind="date", required=False),
            ],
            name="AgentForm",
        )
        is_posted = data is not None and "submit" in data
        forms = cls(form=act(data, files), agent=agent(data), is_posted=is_posted)
        if data is not None and not is_posted:
            for form in (forms.form, forms.agent):
                form.hush()
        return forms

    def say(self, words: str) -> None:
        """A fault that belongs to no one field."""
        self.form.add_error(None, words)


def filled_at_window(
    forms: IntakeForms, opening: Opening, data: QueryDict, files: MultiValueDict[str, "UploadedFile[Any]"]
) -> Filled | None:
    """Everything handed in; None when a form says what must be put right."""
    both = [forms.form.is_valid(), forms.agent.is_valid()]
    if not all(both):
        return None
    if forms.agent.cleaned_data.get(AGENT) and not forms.agent.cleaned_data.get(UNTIL):
        forms.agent.add_error(UNTIL, _("请写委托书有效到哪一天。"))
        return None
    filled = read_filled(forms.form, opening.asked)
    if filled is None:
        return None
    uploads = {code: tuple(files.getlist(f"file-{code}")) for code in opening.asked.materials}
    uploads = {code: some for code, some in uploads.items() if some}
    papers = tuple(
        code for code in opening.asked.materials if chosen(data, code) in (RECEIVED, DEFECTIVE) and code not in uploads
    )
    return replace(filled, papers=papers, uploads=uploads)


def chosen(data: Mapping[str, Any], code: str) -> str:
    """How the strip of a material stands."""
    said = str(data.get(f"m-{code}", ""))
    if not said and data.get("all") in STRIP:
        said = str(data["all"])
    return said if said in STRIP else ""


def agent_typed(forms: IntakeForms) -> tuple[Mapping[str, str], date] | None:
    """Who came instead of the applicant, and how long the power of attorney lasts."""
    data = forms.agent.cleaned_data if forms.agent.is_bound and forms.agent.is_valid() else {}
    return (data[AGENT], data[UNTIL]) if data.get(AGENT) and data.get(UNTIL) else None


def verdict_wishes(opening: Opening, data: QueryDict, state: State) -> Iterator[Wish]:
    """The verdicts given at the window, once the case is open."""
    bound = opening.asked.bound
    rule = next((each for each in bound.actions.values() if each.does == "material_checked"), None)
    if rule is None or bound.phase_of(state.state) not in rule.phases:
        return
    for code in opening.asked.materials:
        given = chosen(data, code)
        received = code in state.materials
        if given == RECEIVED and received:
            yield Wish(act=rule.code, inputs={"material": code, "verdict": "accepted"})
        elif given == DEFECTIVE:
            why = str(data.get(f"why-{code}", "")).replace("\0", "").strip()[:MOST_WHY]
            private = {"reason": why} if why else {}
            yield Wish(act=rule.code, inputs={"material": code, "verdict": "defective"}, private=private)


# ---- drawing ----------------------------------------------------------------------------------------


def draw_intake(
    opening: Opening, forms: IntakeForms, answers: Mapping[str, str], data: Mapping[str, Any]
) -> IntakeView:
    """The page, with everything that was chosen so far."""
    bound = opening.asked.bound
    content = catalogue.content(opening.item, bound.item_version)
    english = catalogue.in_english()
    needs = catalogue.requirements(content, answers, english=english)
    row = catalogue.find_item(opening.item)
    lines = tuple(_strip(each, data) for each in needs.materials)
    counts = [sum(any(on and code == way for code, _word, on in line.choices) for line in lines) for way in STRIP]
    first = bound.states[opening.asked.rule.to or ""] if opening.asked.rule.to in bound.states else None
    return IntakeView(
        item=opening.item, title=opening.name, organ=row.department_words if row else "",
        limits=_limits(needs.promised, needs.legal), questions=tuple(_questions(content, answers, english=english)),
        materials=lines, tally=(counts[0], counts[1], counts[2]),
        fees=tuple((fee.name, fee.amount) for fee in needs.fees),
        article=article_words(opening.asked.rule.source, opening.asked.words), follows=tuple(_follows(opening)),
        public=opening.asked.word(f"states.{first.code}.public") if first is not None else "",
        act_name=opening.act_name, is_mine=opening.is_mine, window=_window(opening),
    )  # fmt: skip


def _window(opening: Opening) -> str:
    """Where the clerk sits, as it stands over the window."""
    at = windows_at(seat.post for seat in opening.asked.actor.seats)
    return f"{at[0].number} {at[0].name}" if at else ""


def _limits(promised: str, legal: str) -> str:
    said = [_("承诺 %(term)s") % {"term": term_words(Term.parse(promised))}] if promised else []
    if legal:
        said.append(_("法定 %(term)s") % {"term": term_words(Term.parse(legal))})
    return "，".join(said)


def _questions(content: Mapping[str, Any], answers: Mapping[str, str], *, english: bool) -> Iterator[Question]:
    for row in content.get("situations", ()):
        shown = row.get("shown_when", {})
        if any(answers.get(question) not in values for question, values in shown.items()):
            continue
        choices = tuple(
            (each["code"], (english and each.get("name_en")) or each["name"], answers.get(row["code"]) == each["code"])
            for each in row["choices"]
        )
        text = (english and row.get("question_en")) or row["question"]
        yield Question(code=row["code"], text=text, help=row.get("help_en" if english else "help", ""), choices=choices)


def _strip(line: catalogue.MaterialLine, data: Mapping[str, Any]) -> StripLine:
    now = chosen(data, line.code)
    words = {RECEIVED: _("收到"), MISSING: _("缺"), DEFECTIVE: _("有误")}
    need = _("非必要") if not line.required else _("可容缺") if line.tolerable else _("必要")
    return StripLine(
        code=line.code, name=line.name, note=line.note, need=need, is_free=not line.required,
        choices=tuple((way, words[way], way == now) for way in STRIP),
        why=str(data.get(f"why-{line.code}", ""))[:MOST_WHY], copies=_("%(n)d 份") % {"n": line.copies},
    )  # fmt: skip


def _follows(opening: Opening) -> Iterator[str]:
    asked = opening.asked
    for code in asked.rule.issues:
        yield _("出具《%(paper)s》") % {"paper": asked.word(f"documents.{code}.name")}
    if asked.rule.to in asked.bound.states:
        yield _("转到“%(state)s”") % {"state": asked.word(f"states.{asked.rule.to}.name")}
    yield _("打印收件凭证，凭编号和查询密码随时查进度")
