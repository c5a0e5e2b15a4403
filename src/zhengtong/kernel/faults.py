"""What is wrong with a procedure: a closed list of codes, each fault with its table, a message and how to mend it."""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong. `table` as in the file (`actions.extend`); `key` inside it, if one key is to blame."""

    code: str
    table: str
    key: str
    message: str
    mend: str


REFERENCES: Final = (
    "no_source", "unknown_state", "unknown_role", "unknown_mark", "unknown_act", "unknown_clock", "unknown_fact",
    "unknown_outcome", "unknown_result", "unknown_document", "unknown_group", "unknown_kind", "unknown_parameter",
    "bad_guard", "bad_option", "skip_cycle", "unused_parameter", "open_parameter",
)  # fmt: skip
GRAPH: Final = (
    "no_opening_act", "bad_opening_act", "unreachable_state", "dead_end", "closed_moves", "unheld_state",
    "powerless_holder", "no_limit", "closed_without_outcome", "step_never_done", "guard_never_holds",
)  # fmt: skip
CLOCKS: Final = (
    "no_main_clock", "two_main_clocks", "main_clock_gap", "clock_without_limit", "clock_restarts",
    "held_before_running", "never_resumes", "runs_and_held", "suspension_disagrees", "unlimited_pause",
    "mark_not_set", "table_incomplete", "months_cannot_be_held", "duty_never_met",
)  # fmt: skip
SILENCE: Final = (
    "bad_deemed_act", "deemed_act_not_everywhere", "deemed_act_goes_nowhere", "deemed_act_guarded",
    "law_act_without_clock", "bad_silence", "silence_grants",
)  # fmt: skip
BRANCHES: Final = ("branch_never_opened", "branch_never_settled", "branch_never_taken", "branch_stranded")
FAIRNESS: Final = ("free_extension", "negative_without_consent", "outcome_without_document")
PRIVACY: Final = ("unsealed_person", "kept_secret")
CODES: Final = (*REFERENCES, *GRAPH, *CLOCKS, *SILENCE, *BRANCHES, *FAIRNESS, *PRIVACY)


@dataclass(slots=True)
class Findings:
    """Faults as they are found; the same fault under another set of options counts once."""

    _found: dict[tuple[str, str, str], Fault] = field(default_factory=dict)

    def add(self, code: str, place: str, message: str, mend: str) -> None:
        """`place` is the table, with the key after a colon if one is to blame: `actions.extend:needs.consent`."""
        assert code in CODES, code
        table, _, key = place.partition(":")
        fault = Fault(code=code, table=table, key=key, message=message, mend=mend)
        self._found.setdefault((code, table, key), fault)

    def has(self, code: str) -> bool:
        """Whether a fault of this code was found."""
        return any(fault.code == code for fault in self._found.values())

    def all(self) -> tuple[Fault, ...]:
        """Every fault, in the order found."""
        return tuple(self._found.values())
