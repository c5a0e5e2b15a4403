"""The one exception by which the law says no (拒绝), with a code, parameters and the article.

A refusal carries no sentence: words live in the rooms' labels. Everything else that goes wrong is a bug.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

Param: TypeAlias = str | int | tuple[str, ...]


class RefusalCode(StrEnum):
    """Why an act, a binding or a correction is refused. Closed: every code has words in every language."""

    # who and where
    UNKNOWN_ACT = "unknown_act"
    WRONG_STATE = "wrong_state"
    NOT_YOUR_ROLE = "not_your_role"
    NOT_YOUR_BRANCH = "not_your_branch"
    NO_SUCH_BRANCH = "no_such_branch"
    BRANCH_NOT_OPEN = "branch_not_open"
    BRANCH_NOT_TAKEN = "branch_not_taken"
    BRANCH_NOT_ANSWERED = "branch_not_answered"
    ACT_OF_THE_LAW = "act_of_the_law"
    CASE_CLOSED = "case_closed"
    NOT_AN_OPENING_ACT = "not_an_opening_act"
    # time
    BEFORE_LAST_EVENT = "before_last_event"
    IN_THE_FUTURE = "in_the_future"
    # inputs
    INPUT_MISSING = "input_missing"
    INPUT_UNKNOWN = "input_unknown"
    INPUT_NOT_SHAPED = "input_not_shaped"
    INPUT_NOT_A_CHOICE = "input_not_a_choice"
    TERM_TOO_LONG = "term_too_long"
    # guards
    MATERIALS_INCOMPLETE = "materials_incomplete"
    TOO_MANY_TIMES = "too_many_times"
    SAME_PERSON = "same_person"
    NO_CONSENT = "no_consent"
    LIMIT_PASSED = "limit_passed"
    LIMIT_NOT_STARTED = "limit_not_started"
    NOT_FAR_ENOUGH_AHEAD = "not_far_enough_ahead"
    NOT_WAITED = "not_waited"
    NOT_DONE_BEFORE = "not_done_before"
    ALREADY_DONE = "already_done"
    BRANCHES_OPEN = "branches_open"
    VERDICTS_LACKING = "verdicts_lacking"
    NO_QUORUM = "no_quorum"
    FEES_DUE = "fees_due"
    NOT_SERVED = "not_served"
    FACT_DIFFERS = "fact_differs"
    OFFICERS_LACKING = "officers_lacking"
    # facts
    UNKNOWN_MATERIAL = "unknown_material"
    UNKNOWN_FEE = "unknown_fee"
    FEE_AMOUNT_DIFFERS = "fee_amount_differs"
    UNKNOWN_DOCUMENT = "unknown_document"
    UNKNOWN_POST = "unknown_post"
    CONSENT_NOT_ASKED_FOR = "consent_not_asked_for"
    OWN_CONSENT = "own_consent"
    # corrections and reversals
    NOTHING_TO_REVERT = "nothing_to_revert"
    NOT_THE_LATEST_ACT = "not_the_latest_act"
    FACTS_REST_ON_IT = "facts_rest_on_it"
    NOT_CORRECTABLE = "not_correctable"
    ONLY_EARLIER = "only_earlier"
    DOCUMENT_NEEDED = "document_needed"
    # versions
    ALREADY_ACCEPTED = "already_accepted"
    STATE_NOT_MAPPED = "state_not_mapped"
    # binding
    UNKNOWN_PROCEDURE = "unknown_procedure"
    UNKNOWN_OPTION = "unknown_option"
    OPTIONS_EXCLUDE = "options_exclude"
    OPTION_REQUIRES = "option_requires"
    PARAMETER_MISSING = "parameter_missing"
    PARAMETER_TOO_LONG = "parameter_too_long"
    UNKNOWN_PARAMETER = "unknown_parameter"
    ROLE_WITHOUT_POST = "role_without_post"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_ANSWER = "unknown_answer"
    BAD_ITEM = "bad_item"


class Refusal(Exception):
    """The law or the state of the case says no.

    Args:
        code: why, from the closed list.
        params: what the sentence needs (names of acts, dates as ISO text, counts). Never personal data.
        source: the article that says so, as written in the procedure file; empty for questions of shape.
    """

    def __init__(self, code: RefusalCode, params: Mapping[str, Param] | None = None, source: str = "") -> None:
        self.code = code
        self.params: Mapping[str, Param] = dict(params or {})
        self.source = source
        super().__init__(f"{code} {dict(self.params)} {source}".strip())
