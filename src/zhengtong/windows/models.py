"""Halls and windows (大厅、窗口): where people come to, and which posts sit there. Reference tables entered by hand."""

from django.db import models


class Hall(models.Model):
    """A hall of the service centre, or a service point elsewhere."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=160, blank=True, default="")
    unit = models.CharField(max_length=40)  # the code of the unit that runs it
    address = models.CharField(max_length=160, blank=True, default="")
    address_en = models.CharField(max_length=240, blank=True, default="")
    closed_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Window(models.Model):
    """One window of a hall. `posts` are the codes of the posts that serve there; a comprehensive window has several."""

    hall = models.ForeignKey(Hall, models.PROTECT, related_name="windows")
    number = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=160, blank=True, default="")
    unit = models.CharField(max_length=40)
    posts = models.JSONField(default=list, blank=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hall", "number"], name="window_number_in_hall")]

    def __str__(self) -> str:
        return f"{self.hall.code} {self.number} {self.name}"
