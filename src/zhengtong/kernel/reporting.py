"""What the law itself notes on a case (记载): that another case, a card or an order, concerns it. Nothing moves by it.

Source: PROCEDURES 4; JC 10
"""

from datetime import datetime

from zhengtong.kernel.authority import LAW
from zhengtong.kernel.binding import Bound
from zhengtong.kernel.calendars import Calendar
from zhengtong.kernel.commands import Command, Serials
from zhengtong.kernel.effects import Batch, Sitting, Who
from zhengtong.kernel.events import Event, Linked, Standing
from zhengtong.kernel.silence import fall_silent
from zhengtong.kernel.states import State


def decide_link(bound: Bound, state: State, command: Command, calendar: Calendar, at: datetime) -> tuple[Event, ...]:
    """The link to another case, noted by the law in any state, after the silence that was due.

    The command names `inputs["relation"]` and `inputs["other"]`, and gives key, serials and hash; act and actor are not
    read. State, clocks, marks and who holds it stay as they are. A link that stands already is not written again.

    Raises:
        SerialsShort: fewer numbers were drawn than silence due by `at` needs.
    """
    serials = Serials(command.serials)
    sitting = Sitting(bound=bound, calendar=calendar, serials=serials, hash=command.hash, recorded_at=at)
    silent, state = fall_silent(sitting, state, at)
    relation, other = str(command.inputs["relation"]), str(command.inputs["other"])
    if (relation, other) in state.links:
        return silent
    who = Who(person=LAW.person, post="", unit="", dept="", role="law", standing=Standing.LAW, basis=other)
    batch = Batch(sitting, state, who, at=max(at, state.last_at), key=command.key)
    batch.put(Linked(relation=relation, other=other))
    return (*silent, *batch.close()[0])
