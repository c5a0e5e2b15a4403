"""How the ledger knows a subject: an opaque reference that says nothing about the person."""

import uuid


def new_subject_ref() -> str:
    return f"s-{uuid.uuid4()}"
