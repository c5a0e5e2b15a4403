"""Run by an interpreter of its own: every finding over the ledger at hand, as JSON; forwards or backwards."""

import json
import sys
from datetime import date, datetime, timedelta


def main() -> None:
    first, until, backwards = date.fromisoformat(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.argv[3] == "1"
    import django

    django.setup()
    from zhengtong.catalogue.queries import bound_for
    from zhengtong.kernel.states import fold
    from zhengtong.kernel.supervision.facts import CaseFacts, find_facts
    from zhengtong.kernel.supervision.findings import Finding
    from zhengtong.kernel.supervision.patterns import find_patterns
    from zhengtong.kernel.supervision.watching import find_findings
    from zhengtong.law.calendar_files import load_calendar
    from zhengtong.law.supervision_rules import load_rules
    from zhengtong.ledger.history import load
    from zhengtong.ledger.models.cases import Case
    from zhengtong.supervision.grounding import read_ground
    from zhengtong.supervision.plain import finding_as_plain

    rules, calendar = load_rules(until.date()), load_calendar()
    rules = rules[::-1] if backwards else rules
    found: list[Finding] = []
    facts: list[CaseFacts] = []
    for row in Case.objects.order_by("-id" if backwards else "id"):
        state = fold(load(row.pk))
        bound = bound_for(state.item, state.item_version, state.answers)
        found += find_findings(rules, bound, state, calendar, until)
        facts.append(find_facts(bound, state, calendar, until))
    last = until.date() - timedelta(days=1)
    found += find_patterns(rules, facts, read_ground(until), calendar, first, last, until)
    for each in sorted(found, key=lambda each: each.key):
        sys.stdout.write(json.dumps(finding_as_plain(each), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
