"""What a list shows, as a table to take along: the very lines of the page, masked as they are there.

The file itself, its watermark and its entry in the book of exports are made by the room `trail`.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from zhengtong.cases.queries import WorkPage
from zhengtong.trail.exporting import Table
from zhengtong.ui.wording import table_instant

WIDTHS = (24, 44, 22, 12, 20, 12, 12, 12, 18)


def table_of(page: WorkPage) -> Table:
    head = [
        _("办件编号"), _("事项"), _("申请人"), _("环节"), _("办理岗位"), _("期限状态"), _("承诺期限"), _("法定期限"),
        _("收到时间"),
    ]  # fmt: skip
    return Table(name=page.code, title=page.name, head=head, rows=list(_rows(page)), widths=WIDTHS)


def _rows(page: WorkPage) -> Iterator[list[str]]:
    """One row for each line shown."""
    for line in page.lines:
        signal = line.signal[1] if line.signal else ""
        promised, legal = (" ".join(limit[1:]).strip() for limit in (line.promised, line.legal))
        opened = table_instant(line.opened_at)
        yield [line.number, line.title, line.who, line.state, line.holder, signal, promised, legal, opened]
