"""`zhengtong keys list|rotate|retire`: which keys there are and what rests on them, new ones, old ones removed.

What each key protects and what its loss means stands in docs/operating/keys.md.
"""

import json
import sys
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from zhengtong.accounts import clock, rekeying, sealed_fields
from zhengtong.documents.vault import Files
from zhengtong.ledger import keys, rotating
from zhengtong.ledger.progress import Progress
from zhengtong.ledger.rotating import Holder, SealedRows

HOLDERS: Final[tuple[Holder, ...]] = (SealedRows(), Files())
GRACE: Final = timedelta(minutes=15)
"""So long after a rotation an act that had read the old key may still be on its way; then it may be retired."""


class Command(BaseCommand):
    help = "Show, renew and retire the keys. Example: zhengtong keys rotate; a day later: zhengtong keys retire"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        listing = what.add_parser("list", help="every key, and how much rests on it")
        listing.add_argument("--json", action="store_true", help="one object for a machine")
        rotate = what.add_parser(
            "rotate", help="draw new keys and wrap everything by them; goes on where it was stopped"
        )
        rotate.add_argument(
            "--root", action="store_true", help="instead: a new key for the daily roots, from tomorrow on"
        )
        retire = what.add_parser("retire", help="remove old keys that nothing rests on")
        retire.add_argument(
            "--now", action="store_true", help=f"do not wait {GRACE.seconds // 60} minutes after a rotation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            match options["what"]:
                case "list":
                    self._list(as_json=options["json"])
                case "rotate" if options["root"]:
                    self._rotate_root()
                case "rotate":
                    self._rotate()
                case _:
                    self._retire(at_once=options["now"])
        except (keys.KeyUnreadable, keys.KeysBusy, sealed_fields.KeyUnreadable, DatabaseError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error

    # ---- list ---------------------------------------------------------------------------------------------

    def _list(self, *, as_json: bool) -> None:
        rows = [*_masters(), *_accounts(), *_others()]
        if as_json:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, sort_keys=True))
            return
        for row in rows:
            self.stdout.write(f"{row['key']:<10} {row['id']:<16}  {row['stands']:<8}  {row['protects']}")

    # ---- rotate -------------------------------------------------------------------------------------------

    def _rotate(self) -> None:
        with keys.alone(), Progress(self.stderr, "wrapped anew") as progress:
            goes_on = rotating.is_unfinished(HOLDERS)
            key, wrapped = rotating.rotate(HOLDERS, progress.at)
            failed = wrapped.failed + self._rotate_accounts(progress)
        self.stdout.write(f"master key {key.id} {'(the rotation went on)' if goes_on else 'drawn'}")
        self.stdout.write(f"{wrapped.done} data keys wrapped anew; no event was touched")
        if failed:
            self._say_failed(failed)
        self.stdout.write("Copy the keys folder off site now. The old keys stay until `zhengtong keys retire`.")

    def _rotate_accounts(self, progress: Progress) -> list[str]:
        now = sealed_fields.current().id
        if set(rekeying.usage()) <= {now}:
            now = sealed_fields.draw_key().id
        done, failed = rekeying.seal_anew(progress.at)
        self.stdout.write(f"accounts key {now}: {done} values sealed anew")
        return failed

    def _say_failed(self, failed: list[str]) -> None:
        for line in failed[:20]:
            self.stderr.write(line)
        more = f", and {len(failed) - 20} more" if len(failed) > 20 else ""
        self.stderr.write(f"{len(failed)} could not be opened and stay under their old key{more}")
        sys.exit(1)

    def _rotate_root(self) -> None:
        with keys.alone():
            drawn = keys.draw_next_root()
        name = keys.public_raw(drawn.public_key()).hex()[:16]
        self.stdout.write(f"root key {name}… drawn. The next daily root announces it; those after are signed by it.")
        self.stdout.write("Auditors who pinned the old key go on trusting; give them the new root.pub all the same.")

    # ---- retire -------------------------------------------------------------------------------------------

    def _retire(self, *, at_once: bool) -> None:
        with keys.alone():
            waits = None if at_once else _waits_until(clock.real_now())
            if waits is not None:
                said = waits.isoformat(timespec="minutes")
                raise CommandError(
                    f"the keys were rotated a moment ago; an act on its way may hold the old one. Again after {said}."
                )
            older, kept = keys.older_masters(), 0
            for key_id in older:
                try:
                    rotating.retire(key_id, HOLDERS)
                except rotating.StillNeeded as error:
                    kept += 1
                    self.stderr.write(str(error))
                else:
                    self.stdout.write(f"master key {key_id} removed")
            kept += self._retire_accounts()
        if not older:
            self.stdout.write("there is no older master key")
        self.stdout.write("Backups from before the rotation open only with the old keys: keep their off-site copy.")
        if kept:
            sys.exit(1)

    def _retire_accounts(self) -> int:
        used, kept = rekeying.usage(), 0
        for key in sealed_fields.older():
            if used.get(key.id) or used.get("unnamed"):
                kept += 1
                self.stderr.write(f"the accounts key {key.id} is still needed. Run `zhengtong keys rotate` first.")
            else:
                sealed_fields.retire_key(key.id)
                self.stdout.write(f"accounts key {key.id} removed")
        return kept


def _waits_until(now: datetime) -> datetime | None:
    drawn = keys.drawn_at()
    return drawn + GRACE if drawn is not None and now < drawn + GRACE else None


def _masters() -> list[dict[str, str]]:
    used, now = rotating.usage(HOLDERS), keys.current().id
    here = {now, *keys.older_masters()}
    rows = []
    for key_id in [now, *sorted((here | used.keys()) - {now})]:
        protects = ", ".join(f"{count} {name}" for name, count in sorted(used.get(key_id, {}).items())) or "nothing"
        stands = "current" if key_id == now else "older" if key_id in here else "MISSING"
        rows.append({"key": "master", "id": key_id, "stands": stands, "protects": protects})
    return rows


def _accounts() -> list[dict[str, str]]:
    used, now = rekeying.usage(), sealed_fields.current().id
    here = {now, *(key.id for key in sealed_fields.older())}
    rows = []
    for key_id in [now, *sorted((here | used.keys()) - {now})]:
        stands = "current" if key_id == now else "older" if key_id in here | {"unnamed"} else "MISSING"
        rows.append({"key": "accounts", "id": key_id, "stands": stands, "protects": f"{used.get(key_id, 0)} values"})
    return rows


def _others() -> list[dict[str, str]]:
    public = keys.public_raw(keys.root().public_key()).hex()[:16]
    rows = [{"key": "root", "id": public, "stands": "current", "protects": "signs the daily roots"}]
    following = keys.next_root()
    if following is not None:
        name = keys.public_raw(following.public_key()).hex()[:16]
        rows.append({"key": "root", "id": name, "stands": "next", "protects": "signs after the next daily root"})
    protects = "search in sealed rows, query codes and QR codes of papers"
    return [*rows, {"key": "index", "id": "-", "stands": "current", "protects": protects}]
