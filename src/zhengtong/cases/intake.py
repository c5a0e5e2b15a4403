"""What the window page asks and shows (窗口收件): the situation, who came, each material with a three-way strip.

The page is drawn from the item and its opening act; what is handed in becomes one opening act with its verdicts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from zhengtong.cases.act_forms import FILES, Filled, form_class, is_handing_in, read_filled
from zhengtong.cases.actions import Wish
from zhengtong.cases.articles import article_words
from zhengtong.cases.clock_views import term_words
from zhengtong.cases.opening import Opening
from zhengtong.catalogue import queries as catalogue
from zhengtong.kernel.procedures import ActionRule
from zhengtong.kernel.states import State
from zhengtong.kernel.terms import Term
from zhengtong.ui.forms import ACCEPTED_FILES  # noqa: F401
