"""The tables of the ledger with their own DDL: histories are one range (WITHOUT ROWID), the event table refuses change."""

import django.db.models.deletion
from django.db import migrations, models

from zhengtong.ledger.triggers import statements

TEXTS = {
    "text": "text",
    "int": "integer",
    "bigint": "bigint",
    "stamp": "text",
    "blob": "blob",
    "json": "text",
    "day": "text",
}
POSTGRES = {"stamp": "timestamptz", "blob": "bytea", "json": "jsonb", "day": "date"}

TABLES = """
CREATE TABLE ledger_case (
  id {id} PRIMARY KEY,
  number {text} NOT NULL UNIQUE, procedure {text} NOT NULL, version {text} NOT NULL, item {text} NOT NULL,
  item_version {int} NOT NULL, region {text} NOT NULL, unit {text} NOT NULL, dept {text} NOT NULL,
  post {text} NOT NULL, assignee {text}, "window" {text}, state {text} NOT NULL, phase {text} NOT NULL, outcome {text},
  opened_at {stamp} NOT NULL, accepted_at {stamp}, due_at {stamp}, promised_at {stamp}, wake_at {stamp}, closed_at {stamp},
  last_seq {int} NOT NULL, head_hash {blob} NOT NULL){roomy};
CREATE INDEX case_unit_due ON ledger_case (unit, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX case_dept_due ON ledger_case (dept, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX case_mine_due ON ledger_case (assignee, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX case_due ON ledger_case (due_at, id) WHERE closed_at IS NULL;
CREATE INDEX case_wake ON ledger_case (wake_at) WHERE wake_at IS NOT NULL;
CREATE TABLE ledger_event (
  case_id {bigint} NOT NULL REFERENCES ledger_case (id), seq {int} NOT NULL, region {text} NOT NULL, batch {int} NOT NULL,
  kind {text} NOT NULL, codec {int} NOT NULL, person {text} NOT NULL, post {text} NOT NULL, unit {text} NOT NULL,
  role {text} NOT NULL, standing {text} NOT NULL, basis {text} NOT NULL, at {stamp} NOT NULL, recorded_at {stamp} NOT NULL,
  key {text}, body {json} NOT NULL, prev {blob} NOT NULL, hash {blob} NOT NULL,
  PRIMARY KEY (case_id, seq)){thin};
CREATE UNIQUE INDEX event_key ON ledger_event (case_id, key) WHERE key IS NOT NULL;
CREATE TABLE ledger_reader (
  case_id {bigint} NOT NULL REFERENCES ledger_case (id), kind {text} NOT NULL, ref {text} NOT NULL,
  PRIMARY KEY (case_id, kind, ref)){thin};
CREATE INDEX reader_ref ON ledger_reader (kind, ref, case_id);
CREATE TABLE ledger_outbox (
  id {serial}, case_id {bigint} NOT NULL REFERENCES ledger_case (id), seq {int} NOT NULL, topic {text} NOT NULL,
  body {json} NOT NULL, attempts {int} NOT NULL DEFAULT 0, retry_at {stamp}, parked_at {stamp});
CREATE INDEX outbox_waiting ON ledger_outbox (id) WHERE parked_at IS NULL;
CREATE TABLE ledger_sealed (
  case_id {bigint} NOT NULL REFERENCES ledger_case (id), seq {int} NOT NULL, field {text} NOT NULL, key_id {text} NOT NULL,
  wrapped {blob} NOT NULL, nonce {blob} NOT NULL, ciphertext {blob} NOT NULL, salt {blob} NOT NULL, digest {blob} NOT NULL,
  erased_at {stamp}, PRIMARY KEY (case_id, seq, field)){thin};
CREATE TABLE ledger_sealed_index (
  field {text} NOT NULL, hmac {blob} NOT NULL, case_id {bigint} NOT NULL REFERENCES ledger_case (id), seq {int} NOT NULL,
  sealed_field {text} NOT NULL, PRIMARY KEY (field, hmac, case_id, seq)){thin};
CREATE INDEX sealed_index_row ON ledger_sealed_index (case_id, seq, sealed_field);
CREATE TABLE ledger_series (
  kind {text} NOT NULL, organ {text} NOT NULL, period {int} NOT NULL, next {int} NOT NULL,
  PRIMARY KEY (kind, organ, period)){thin};
CREATE TABLE ledger_drawn (
  number {text} PRIMARY KEY NOT NULL, kind {text} NOT NULL, organ {text} NOT NULL, period {int} NOT NULL,
  serial {int} NOT NULL, drawn_at {stamp} NOT NULL){thin};
CREATE INDEX drawn_when ON ledger_drawn (drawn_at);
CREATE TABLE ledger_root (day {day} PRIMARY KEY NOT NULL, digest {text} NOT NULL, line {text} NOT NULL)
"""
NAMES = (
    "root", "drawn", "series", "sealed_index", "sealed", "outbox", "reader", "event", "case",
)  # fmt: skip


def create(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    types = dict(TEXTS)
    if vendor == "sqlite":
        types |= {"id": "integer", "serial": "integer PRIMARY KEY AUTOINCREMENT", "thin": " WITHOUT ROWID", "roomy": ""}
    else:
        types |= POSTGRES | {
            "id": "bigint",
            "serial": "bigserial PRIMARY KEY",
            "thin": "",
            "roomy": " WITH (fillfactor = 80)",
        }
    for statement in TABLES.format(**types).split(";\n"):
        schema_editor.execute(statement.strip())
    for statement in statements(vendor):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    for name in NAMES:
        schema_editor.execute(f"DROP TABLE ledger_{name}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION ledger_event_refuse()")


STATE = [
    migrations.CreateModel(
        name="Root",
        fields=[
            ("day", models.DateField(primary_key=True, serialize=False)),
            ("digest", models.TextField()),
            ("line", models.TextField()),
        ],
        options={
            "db_table": "ledger_root",
        },
    ),
    migrations.CreateModel(
        name="Series",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "kind", "organ", "period", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("kind", models.TextField()),
            ("organ", models.TextField()),
            ("period", models.IntegerField()),
            ("next", models.IntegerField()),
        ],
        options={
            "db_table": "ledger_series",
        },
    ),
    migrations.CreateModel(
        name="Case",
        fields=[
            ("id", models.BigIntegerField(primary_key=True, serialize=False)),
            ("number", models.TextField(unique=True)),
            ("procedure", models.TextField()),
            ("version", models.TextField()),
            ("item", models.TextField()),
            ("item_version", models.IntegerField()),
            ("region", models.TextField()),
            ("unit", models.TextField()),
            ("dept", models.TextField()),
            ("post", models.TextField()),
            ("assignee", models.TextField(null=True)),
            ("window", models.TextField(null=True)),
            ("state", models.TextField()),
            ("phase", models.TextField()),
            ("outcome", models.TextField(null=True)),
            ("opened_at", models.DateTimeField()),
            ("accepted_at", models.DateTimeField(null=True)),
            ("due_at", models.DateTimeField(null=True)),
            ("promised_at", models.DateTimeField(null=True)),
            ("wake_at", models.DateTimeField(null=True)),
            ("closed_at", models.DateTimeField(null=True)),
            ("last_seq", models.IntegerField()),
            ("head_hash", models.BinaryField()),
        ],
        options={
            "db_table": "ledger_case",
            "indexes": [
                models.Index(
                    condition=models.Q(("closed_at__isnull", True)),
                    fields=["unit", "due_at", "id"],
                    name="case_unit_due",
                ),
                models.Index(
                    condition=models.Q(("closed_at__isnull", True)),
                    fields=["dept", "due_at", "id"],
                    name="case_dept_due",
                ),
                models.Index(
                    condition=models.Q(("closed_at__isnull", True)),
                    fields=["assignee", "due_at", "id"],
                    name="case_mine_due",
                ),
                models.Index(condition=models.Q(("closed_at__isnull", True)), fields=["due_at", "id"], name="case_due"),
                models.Index(condition=models.Q(("wake_at__isnull", False)), fields=["wake_at"], name="case_wake"),
            ],
        },
    ),
    migrations.CreateModel(
        name="Drawn",
        fields=[
            ("number", models.TextField(primary_key=True, serialize=False)),
            ("kind", models.TextField()),
            ("organ", models.TextField()),
            ("period", models.IntegerField()),
            ("serial", models.IntegerField()),
            ("drawn_at", models.DateTimeField()),
        ],
        options={
            "db_table": "ledger_drawn",
            "indexes": [models.Index(fields=["drawn_at"], name="drawn_when")],
        },
    ),
    migrations.CreateModel(
        name="Sealed",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "case_id", "seq", "field", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("seq", models.IntegerField()),
            ("field", models.TextField()),
            ("key_id", models.TextField()),
            ("wrapped", models.BinaryField()),
            ("nonce", models.BinaryField()),
            ("ciphertext", models.BinaryField()),
            ("salt", models.BinaryField()),
            ("digest", models.BinaryField()),
            ("erased_at", models.DateTimeField(null=True)),
            (
                "case",
                models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.case"
                ),
            ),
        ],
        options={
            "db_table": "ledger_sealed",
        },
    ),
    migrations.CreateModel(
        name="Event",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "case_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("seq", models.IntegerField()),
            ("region", models.TextField()),
            ("batch", models.IntegerField()),
            ("kind", models.TextField()),
            ("codec", models.IntegerField()),
            ("person", models.TextField()),
            ("post", models.TextField()),
            ("unit", models.TextField()),
            ("role", models.TextField()),
            ("standing", models.TextField()),
            ("basis", models.TextField()),
            ("at", models.DateTimeField()),
            ("recorded_at", models.DateTimeField()),
            ("key", models.TextField(null=True)),
            ("body", models.JSONField()),
            ("prev", models.BinaryField()),
            ("hash", models.BinaryField()),
            (
                "case",
                models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.case"
                ),
            ),
        ],
        options={
            "db_table": "ledger_event",
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("key__isnull", False)), fields=("case", "key"), name="event_key"
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="Outgoing",
        fields=[
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("seq", models.IntegerField()),
            ("topic", models.TextField()),
            ("body", models.JSONField()),
            ("attempts", models.IntegerField(default=0)),
            ("retry_at", models.DateTimeField(null=True)),
            ("parked_at", models.DateTimeField(null=True)),
            (
                "case",
                models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.case"
                ),
            ),
        ],
        options={
            "db_table": "ledger_outbox",
            "indexes": [
                models.Index(condition=models.Q(("parked_at__isnull", True)), fields=["id"], name="outbox_waiting")
            ],
        },
    ),
    migrations.CreateModel(
        name="Reader",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "case_id", "kind", "ref", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("kind", models.TextField()),
            ("ref", models.TextField()),
            (
                "case",
                models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="readers",
                    to="ledger.case",
                ),
            ),
        ],
        options={
            "db_table": "ledger_reader",
            "indexes": [models.Index(fields=["kind", "ref", "case"], name="reader_ref")],
        },
    ),
    migrations.CreateModel(
        name="SealedIndex",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "field", "hmac", "case_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("field", models.TextField()),
            ("hmac", models.BinaryField()),
            ("seq", models.IntegerField()),
            ("sealed_field", models.TextField()),
            (
                "case",
                models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.case"
                ),
            ),
        ],
        options={
            "db_table": "ledger_sealed_index",
            "indexes": [models.Index(fields=["case", "seq", "sealed_field"], name="sealed_index_row")],
        },
    ),
]


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create, drop)],
            state_operations=STATE,
        )
    ]
