"""The table of ASVS 5.0: every requirement of levels 1 and 2 stands in it once, and what it points to exists."""

import re
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
TABLE: Final = (CHECKOUT / "docs" / "security" / "asvs.md").read_text(encoding="utf-8")
STATES: Final = {"met", "partly", "not met", "does not arise", "installation"}
PLACES: Final = (CHECKOUT, CHECKOUT / "src" / "zhengtong", CHECKOUT / "docs" / "security")

# Last requirement of each section of ASVS 5.0.0, and those of level 3 among them, which the first tables leave out.
SECTIONS: Final = {
    "1.1": 2, "1.2": 10, "1.3": 12, "1.4": 3, "1.5": 3, "2.1": 3, "2.2": 3, "2.3": 5, "2.4": 2, "3.1": 1, "3.2": 3,
    "3.3": 5, "3.4": 8, "3.5": 8, "3.6": 1, "3.7": 5, "4.1": 5, "4.2": 5, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 6,
    "5.3": 3, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4, "7.1": 3,
    "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2, "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2, "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 4, "11.2": 5, "11.3": 5,
    "11.4": 4, "11.5": 2, "11.6": 2, "11.7": 2, "12.1": 5, "12.2": 2, "12.3": 5, "13.1": 4, "13.2": 6, "13.3": 4,
    "13.4": 7, "14.1": 2, "14.2": 8, "14.3": 3, "15.1": 5, "15.2": 5, "15.3": 7, "15.4": 4, "16.1": 1, "16.2": 5,
    "16.3": 4, "16.4": 3, "16.5": 4, "17.1": 2, "17.2": 8, "17.3": 2,
}  # fmt: skip
THIRD: Final = """
1.2.10 1.3.12 1.5.3 2.3.5 2.4.2 3.1.1 3.2.3 3.3.5 3.4.7 3.4.8 3.5.6 3.5.7 3.5.8 3.6.1 3.7.3 3.7.4 3.7.5 4.1.4
4.1.5 4.2.2 4.2.3 4.2.4 4.2.5 5.2.4 5.2.5 5.2.6 5.3.3 6.3.5 6.3.6 6.3.7 6.3.8 6.4.5 6.4.6 6.5.6 6.5.7 6.5.8
6.6.4 6.7.1 6.7.2 7.5.3 8.1.3 8.1.4 8.2.4 8.3.2 8.3.3 8.4.2 10.2.3 10.3.5 10.4.12 10.4.13 10.4.14 10.4.15
10.4.16 11.1.3 11.1.4 11.2.4 11.2.5 11.3.4 11.3.5 11.5.2 11.6.2 11.7.1 11.7.2 12.1.4 12.1.5 12.3.5 13.1.2 13.1.3
13.1.4 13.2.6 13.3.3 13.3.4 13.4.6 13.4.7 14.2.5 14.2.6 14.2.7 14.2.8 15.1.4 15.1.5 15.2.4 15.2.5 15.4.1 15.4.2
15.4.3 15.4.4 16.5.4 17.1.2 17.2.5 17.2.6 17.2.7 17.2.8
"""
LEVEL_3: Final = set(THIRD.split())


def test_every_requirement_stands_once() -> None:
    wanted = {f"{section}.{n}" for section, last in SECTIONS.items() for n in range(1, last + 1)} - LEVEL_3
    said = re.findall(r"^\| (\d+\.\d+\.\d+) \|", TABLE, re.MULTILINE)
    assert len(said) == len(set(said))
    assert set(said) == wanted


def test_every_state_is_of_the_list_and_no_shortcoming_is_silent() -> None:
    for line in re.findall(r"^\| \d+\.\d+\.\d+ \|.*$", TABLE, re.MULTILINE):
        _, _, _, state, shown, _ = (part.strip() for part in line.split("|"))
        assert state in STATES, line
        assert shown or state == "does not arise", line


def test_everything_it_points_to_is_there() -> None:
    for path in set(re.findall(r"`([\w./-]+/[\w./-]*)`", TABLE)) | set(re.findall(r"\bdocs/[\w./-]+", TABLE)):
        assert any((place / path.rstrip(".")).exists() for place in PLACES), path
    for link in re.findall(r"\]\(([\w./-]+)\)", TABLE):
        assert (CHECKOUT / "docs" / "security" / link).exists(), link
