"""Tables of the documents room: uploads and where they were handed in; papers (文书) and what was drawn of them.

Contents lie encrypted outside the database (`vault`); names are sealed. `Paper` is a projection of the ledger.
"""

from django.db import models

from zhengtong.accounts.sealed_fields import SealedTextField


class Upload(models.Model):
    """One file as one person handed it in; equal contents share one file at rest."""

    digest = models.TextField()
    size = models.IntegerField()
    media_type = models.TextField()
    name = SealedTextField()
    uploader = models.TextField()
    stored_at = models.DateTimeField()
    scan = models.TextField()

    class Meta:
        db_table = "documents_upload"
        constraints = [models.UniqueConstraint(fields=("digest", "uploader"), name="upload_once")]


class MaterialFile(models.Model):
    """A file of a material as it was handed in, under the commitment that its MaterialReceived event carries.

    Written before the event, so that no event ever points to files we cannot find. `salt` goes into the commitment.
    """

    commitment = models.TextField()
    position = models.IntegerField()
    digest = models.TextField()
    uploader = models.TextField()
    salt = models.BinaryField()

    class Meta:
        db_table = "documents_material_file"
        constraints = [models.UniqueConstraint(fields=("commitment", "position"), name="material_file_place")]
        indexes = [models.Index(fields=["digest"], name="material_file_digest")]


class Paper(models.Model):
    """A document or result of a case, as its event says; written by a reaction, rebuilt like the docket."""

    pk = models.CompositePrimaryKey("case_id", "seq")
    case = models.ForeignKey("ledger.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    number = models.TextField()
    document = models.TextField()
    is_result = models.BooleanField()
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "documents_paper"
        indexes = [models.Index(fields=["number"], name="paper_number")]


class Drawing(models.Model):
    """The PDF drawn of a paper, kept as it was first signed. `face`: full for parties and staff, or public (masked)."""

    case = models.ForeignKey("ledger.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.IntegerField()
    face = models.TextField()
    number = models.TextField()
    digest = models.TextField()
    size = models.IntegerField()
    drawn_at = models.DateTimeField()

    class Meta:
        db_table = "documents_drawing"
        constraints = [models.UniqueConstraint(fields=("case", "seq", "face"), name="drawing_once")]
        indexes = [models.Index(fields=["digest"], name="drawing_digest")]
