"""Deciding (裁断): whether an act may be done, and everything it makes true. The one place where a case moves.

Order: silence that is due, the act and its place, role, branch, inputs, guards; then the act and what follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from zhengtong.kernel.acts import Doing, do_common, receive_materials
from zhengtong.kernel.authority import LAW, Actor, Grounds, Seat, find_grounds, find_post
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.branches import find_fitting, group_of, pick_branch, read_verdict
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.clocks import find_lapses, find_main_clock, find_wake_at
from zhengtong.kernel.commands import NO_SERIALS, Command, Hash, MaterialGiven, Serials, SerialsShort
from zhengtong.kernel.effects import (
    Batch,
    Sitting,
    Who,
    carry_out,
    find_extension,
    find_target_state,
    follow_branch,
    moves,
    open_ready_nodes,
    stop_branch_clocks,
    write_branch,
)
from zhengtong.kernel.events import Acted, BranchSettled, Event, Noted, Linked, Opened, ACTS
from zhengtong.kernel.guards import Asked, check_guards, find_used_consent
from zhengtong.kernel.inputs import check_inputs, find_kept
from zhengtong.kernel.papers import find_paper
from zhengtong.kernel.procedures import ActionRule, Phase, RoleKind
from zhengtong.kernel.refusals import Param, Refusal, RefusalCode
from zhengtong.kernel.silence import fall_silent, find_silent_serials, find_state_at
from zhengtong.kernel.states import Branch, BranchStatus, State
from zhengtong.kernel.terms import LAW_ZONE, law_day
