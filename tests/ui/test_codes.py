"""Check digits are checked against codes worked out by hand and by the standard's own samples."""

import pytest
from stdnum.cn import ric, uscc

from zhengtong.ui.codes import (
    CREDIT_ALPHABET,
    credit_check_digit,
    credit_code_fault,
    identity_check_digit,
    identity_fault,
    tidy_code,
)


class TestIdentity:
    @pytest.mark.parametrize("code", ["11010519491231002X", "440524188001010014"])
    def test_accepts_the_samples_of_the_standard(self, code: str) -> None:
        assert identity_fault(code) is None

    @pytest.mark.parametrize(
        "code",
        [
            "",
            "1",
            "110105491231002",
            "110105194912310021",
            "11010519491331002X",
            "00010519491231002X",
            "１1010519491231002X",
        ],
    )
    def test_refuses_with_a_sentence(self, code: str) -> None:
        sentence = identity_fault(code)
        assert sentence
        assert sentence.endswith("。")

    def test_agrees_with_another_implementation(self) -> None:
        for n in range(200):
            first = f"110105{1950 + n % 50}{n % 12 + 1:02d}{n % 28 + 1:02d}{n:03d}"
            assert ric.calc_check_digit(first + "0") == identity_check_digit(first)


class TestCreditCode:
    def test_accepts_a_right_code(self) -> None:
        assert credit_code_fault("91350100M000100Y43") is None

    @pytest.mark.parametrize("code", ["", "91350100M000100Y48", "91350100I000100Y43", "9135O100M000100Y43", "9" * 19])
    def test_refuses_with_a_sentence(self, code: str) -> None:
        sentence = credit_code_fault(code)
        assert sentence
        assert sentence.endswith("。")

    def test_agrees_with_another_implementation(self) -> None:
        for n in range(200):
            tail = "".join(CREDIT_ALPHABET[(n * (i + 3)) % 31] for i in range(9))
            first = f"91{110000 + n:06d}{tail}"
            assert uscc.calc_check_digit(first) == credit_check_digit(first)

    def test_notices_each_single_mistake(self) -> None:
        right = "91350100M000100Y43"
        for place in range(18):
            for char in CREDIT_ALPHABET:
                wrong = right[:place] + char + right[place + 1 :]
                assert wrong == right or credit_code_fault(wrong)


def test_tidies_what_a_phone_keyboard_writes() -> None:
    assert tidy_code(" 9135 0100-ｍ000100y43\u3000") == "91350100M000100Y43"
