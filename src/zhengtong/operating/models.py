"""When a part of the installation was last seen at work: the background process, the last backup."""

from django.db import models


class Pulse(models.Model):
    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    said = models.TextField(blank=True, default="")

    class Meta:
        db_table = "operating_pulse"
