"""What the database itself refuses in this room: deleting who stood where on what basis, changing the sign-in log,
and a post beside a duty of administration.
"""

from typing import Final

from zhengtong.trail.triggers import Guard, append_only, never_deleted

DATED: Final = tuple(
    guard
    for table in ("person", "account", "postholding", "delegation", "authorisationletter")
    for guard in never_deleted(f"accounts_{table}")
)
SIGN_INS: Final = append_only("accounts_signin", taken="EXISTS (SELECT 1 FROM accounts_signin s WHERE s.id = NEW.id)")

_DUTY: Final = "EXISTS (SELECT 1 FROM accounts_account a WHERE a.person_id = NEW.{who} AND a.duty <> '' AND {still})"
_HOLDING: Final = _DUTY.format(
    who="person_id", still="NEW.voided_at IS NULL AND (NEW.until_on IS NULL OR NEW.until_on >= a.duty_since)"
)
_DELEGATED: Final = _DUTY.format(who="to_person_id", still="NEW.revoked_at IS NULL AND NEW.until_on >= a.duty_since")
_ACCOUNT: Final = (
    "NEW.duty <> '' AND (EXISTS (SELECT 1 FROM accounts_postholding h WHERE h.person_id = NEW.person_id "
    "AND h.voided_at IS NULL AND (h.until_on IS NULL OR h.until_on >= NEW.duty_since)) "
    "OR EXISTS (SELECT 1 FROM accounts_delegation d WHERE d.to_person_id = NEW.person_id "
    "AND d.revoked_at IS NULL AND d.until_on >= NEW.duty_since))"
)
SEPARATION: Final = tuple(
    Guard(table=f"accounts_{table}", name=f"{table}_beside_duty_{event.lower()}", event=event, condition=condition)
    for table, condition in (("postholding", _HOLDING), ("delegation", _DELEGATED), ("account", _ACCOUNT))
    for event in ("INSERT", "UPDATE")
)
GUARDS: Final = (*DATED, *SIGN_INS, *SEPARATION)
