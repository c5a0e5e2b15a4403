"""What is known about one paper, and how single values of it are said: parties, inputs, branches, limits.

No law is computed here: limits and days come from the ledger and from `find_clock`. The public face shows no
personal data: `private` is None there, and every sealed value is replaced.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zhengtong.accounts.masking import mask_name
from zhengtong.documents import wording
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import Clock, find_clock
from zhengtong.kernel.events import BranchOpened, Deemed, DocumentIssued, Event, ResultIssued
from zhengtong.kernel.procedures import ActionRule, InputRule
from zhengtong.kernel.states import State, fold

HIDDEN: Final = "（涉及个人信息，公开版不显示）"
ERASED: Final = "（已依法删除）"
Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Codes → Chinese names of units, posts, people and regions."""

    units: Mapping[str, str]
    posts: Mapping[str, str]
    people: Mapping[str, str]
    regions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """All that is known about one paper. `private` holds opened sealed values by field, and is None on the public face.

    `content` is the frozen JSON of the item version, `files` the number of uploads behind each material commitment.
    """

    bound: Bound
    before: State | None
    state: State
    event: Event
    batch: tuple[Event, ...]
    paper: Mapping[str, Any]
    organ: str
    calendar: Calendar
    names: Names
    content: Mapping[str, Any]
    private: Mapping[str, Any] | None
    files: Mapping[str, int]
    query_code: str
    base_url: str

    @property
    def body(self) -> DocumentIssued | ResultIssued:
        assert isinstance(self.event.body, DocumentIssued | ResultIssued)
        return self.event.body

    @property
    def act(self) -> ActionRule:
        return self.bound.actions[str(self.paper["act"])]

    @property
    def is_deemed(self) -> bool:
        return any(isinstance(each.body, Deemed) for each in self.batch)

    def clock(self, code: str) -> Clock | None:
        return find_clock(self.bound, self.state, code, self.calendar, self.event.at)

    def main_clock(self) -> Clock | None:
        return next((self.clock(rule.code) for rule in self.bound.clocks.values() if rule.main), None)

    def hidden(self, field: str) -> str:
        """A sealed text, or what stands in its place."""
        if self.private is None:
            return HIDDEN if field in self.state.sealed else ""
        value = self.private.get(field, ERASED if field in self.state.sealed else "")
        return text(value)


def batch_of(history: Sequence[Event], seq: int) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """The events before the batch of a seq, and the batch."""
    batch = next(event.batch for event in history if event.seq == seq)
    return (
        tuple(event for event in history if event.seq < batch),
        tuple(event for event in history if event.batch == batch),
    )


def states_around(history: Sequence[Event], seq: int) -> tuple[State | None, State]:
    """Where the case stood before and after the batch of a seq, whatever happened since."""
    before, batch = batch_of(history, seq)
    return (fold(before) if before else None), fold((*before, *batch))


def party_of(matter: Matter) -> tuple[str, str]:
    """Who it is about, with what they are called in this procedure; an internal matter goes to the units asked."""
    parties = matter.state.parties
    for code, role in matter.bound.roles.items():
        if code in parties:
            return role.name, person_words(matter, code)
    units = [each.body.to for each in matter.batch if isinstance(each.body, BranchOpened)]
    units += [str(value) for value in matter.state.facts.values() if value in matter.names.units]
    named = [matter.names.units.get(code) or matter.names.posts.get(code) or "" for code in units]
    return "主送单位", "、".join(dict.fromkeys(name for name in named if name)) or matter.organ


def person_words(matter: Matter, field: str) -> str:
    """A party's name: in full, or masked on the public face. Organisations are not masked."""
    value = (matter.private or {}).get(field)
    name = str(value.get("name", "")) if isinstance(value, dict) else text(value)
    return name or matter.names.people.get(matter.state.parties.get(field, ""), "")


def public_name(value: object) -> str:
    """A party's name as the public may read it.

    >>> public_name({"kind": "natural", "name": "李小敏"}), public_name({"kind": "organisation", "name": "示例公司"})
    ('李*敏', '示例公司')
    """
    if not isinstance(value, dict):
        return mask_name(text(value))
    name = str(value.get("name", ""))
    return name if value.get("kind") == "organisation" else mask_name(name)


# ---- values of inputs -----------------------------------------------------------------------------


def input_rows(matter: Matter, *skip: str) -> Rows:
    """Everything the act was given, in file order, as label and words."""
    return [
        (rule.label, said)
        for rule in matter.act.inputs
        if rule.name not in skip and (said := input_words(matter, rule)) != ""
    ]


def input_words(matter: Matter, rule: InputRule) -> str:
    if rule.kind == "party":
        return person_words(matter, rule.name)
    if rule.sealed or rule.name in matter.state.sealed:
        return matter.hidden(rule.name) if _is_of_this_batch(matter, rule.name) else ""
    value = matter.paper["inputs"].get(rule.name)
    if value is None or value == "":
        return ""
    if rule.kind == "choice":
        return rule.choices.get(str(value), str(value))
    return _SPEAKERS.get(rule.kind, _word)(matter, value)


def _word(matter: Matter, value: Any) -> str:
    """A plain value; the code of an organ by its name."""
    return matter.names.units.get(value, value) if isinstance(value, str) else text(value)


def _is_of_this_batch(matter: Matter, field: str) -> bool:
    return any(field in getattr(event.body, "sealed", {}) for event in matter.batch)


def text(value: object) -> str:
    if isinstance(value, dict):
        return "　".join(text(each) for each in value.values() if each not in ("", None))
    if isinstance(value, list | tuple):
        return "、".join(text(each) for each in value)
    return "" if value is None else str(value)


def _material_names(matter: Matter, value: Any) -> str:
    codes = value if isinstance(value, list) else [value]
    return "、".join(material_name(matter, code_of(each)) for each in codes)


def code_of(value: object) -> str:
    return str(value.get("material", "")) if isinstance(value, dict) else str(value)


def material_name(matter: Matter, code: str) -> str:
    return next((rule.name for rule in matter.bound.materials if rule.code == code), code)


def _people(matter: Matter, value: Any) -> str:
    refs = value if isinstance(value, list) else [value]
    return "、".join(matter.names.people.get(str(ref)) or matter.names.posts.get(str(ref)) or str(ref) for ref in refs)


def _unit(matter: Matter, value: Any) -> str:
    return matter.names.units.get(str(value), str(value))


def _tasks(matter: Matter, value: Any) -> str:
    return "\n".join(branch_lines(matter))


_SPEAKERS: Final[dict[str, Callable[[Matter, Any], str]]] = {
    "date": lambda matter, value: wording.day_words(str(value)),
    "instant": lambda matter, value: wording.instant_words(str(value)),
    "term": lambda matter, value: wording.term_words(str(value)),
    "money": lambda matter, value: wording.money_words(int(value)),
    "yes_no": lambda matter, value: "是" if value else "否",
    "material": _material_names,
    "materials": _material_names,
    "people": _people,
    "person": _people,
    "unit": _unit,
    "post": lambda matter, value: matter.names.posts.get(str(value), str(value)),
    "tasks": _tasks,
}


def branch_lines(matter: Matter) -> Iterator[str]:
    """The branches this batch opened: kind, to whom, how long, until when."""
    for event in matter.batch:
        body = event.body
        if not isinstance(body, BranchOpened) or body.group not in matter.bound.branches:
            continue
        rule = matter.bound.branches[body.group]
        clock = matter.clock(f"branch:{body.branch}")
        to = matter.names.units.get(body.to) or matter.names.posts.get(body.to) or ""
        parts = [rule.kinds.get(body.kind or "", rule.name), to]
        if clock is not None and clock.legal is not None:
            parts.append(f"所需时间{wording.term_words(clock.legal)}")
        if clock is not None and clock.due_on is not None:
            parts.append(f"预计{wording.day_words(clock.due_on)}前结束")
        yield "，".join(part for part in parts if part)


def guide(matter: Matter, key: str) -> str:
    said = matter.content.get("guide")
    return str(said.get(key, "")) if isinstance(said, Mapping) else ""


def clock_rows(clock: Clock, legal: str, promised: str) -> Rows:
    rows: Rows = []
    if clock.legal is not None or clock.due_on is not None:
        rows.append((legal, limit_words(wording.term_words(clock.legal), wording.day_words(clock.due_on))))
    if clock.promised is not None:
        rows.append((promised, limit_words(wording.term_words(clock.promised), wording.day_words(clock.promised_on))))
    return rows


def limit_words(term: str, day: str) -> str:
    if term and day:
        return f"{term}（{day}届满）" if term != "当场" else f"当场（{day}）"
    return term or day


def provisional(clock: Clock | None) -> list[str]:
    if clock is None or not clock.provisional:
        return []
    years = "、".join(f"{year}年" for year in clock.provisional)
    return [f"{years}的放假安排尚未公布，上述日期按暂定日历计算，公布以后可能调整。"]
