"""The wiring (接线): every reaction in the system in one place, in order, and what the ledger asks of the rooms above.

Read it in ten seconds: what follows from an act, who answers for the law a case is bound to, who sends what.
"""

from datetime import datetime
from typing import Final

from zhengtong.accounts import frames, sessions, throttling
from zhengtong.accounts import queries as people
from zhengtong.administration.frame import menu as administration_menu
from zhengtong.analysis.copying import copy_of_the_night
from zhengtong.cases import access
from zhengtong.cases import actions as case_actions
from zhengtong.cases import projections as cases
from zhengtong.cases.frame import menu as desk_menu
from zhengtong.cases.serials import draw_for_silence
from zhengtong.catalogue import actions as catalogue_actions
from zhengtong.catalogue import queries as catalogue
from zhengtong.catalogue.frame import menu as catalogue_menu
from zhengtong.documents import outside, quarantine
from zhengtong.documents import projections as documents
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import law_day
from zhengtong.ledger.installed import Handler, Reaction, install
from zhengtong.operating.metrics import count_act
from zhengtong.operating.pulses import worker_pulse
from zhengtong.portal import actions as portal
from zhengtong.supervision import projections as supervision
from zhengtong.supervision.frame import menu as supervision_menu
from zhengtong.supervision.recomputing import recompute_round
from zhengtong.supervision.surveying import survey_of_the_night
from zhengtong.supervision.sweeping import catch_up, watch_round
from zhengtong.supervision.trying import try_waiting

REACTIONS: Final[tuple[Reaction, ...]] = (
    documents.papers_to_render,
    cases.branches_asked,
    cases.notices_to_parties,
    supervision.cards_as_they_stand,
)

HANDLERS: Final[dict[str, Handler]] = {
    documents.RENDER: documents.render_paper,
    cases.NOTICE: cases.send_notice,
}


def wire() -> None:
    """Called once at start."""
    install(
        reactions=REACTIONS,
        handlers=HANDLERS,
        bound_for=bound_for,
        serials_for=draw_for_silence,
        dept_of=people.dept_of,
        item_digests=catalogue.digests_between,
        errands=(recompute_round, watch_round, try_waiting, quarantine.rescan, worker_pulse()),
        witness=count_act,
        found_by=case_actions.found_by,
        chores=(
            end_cancelled_items, portal.erase_old_drafts, throttling.clear_old, sessions.clear_over,
            catch_up, survey_of_the_night, copy_of_the_night,
        ),
    )  # fmt: skip
    outside.install(query_code=access.password_of)
    frames.install(administration_menu, supervision_menu, desk_menu, catalogue_menu)


def bound_for(state: State) -> Bound:
    """The law a case stands under, as it was bound when it opened or was last rebound."""
    return catalogue.bound_for(state.item, state.item_version, state.answers)


def end_cancelled_items(now: datetime) -> int:
    """Items cancelled as of today are no longer found or accepted."""
    return catalogue_actions.end_cancelled(law_day(now))
