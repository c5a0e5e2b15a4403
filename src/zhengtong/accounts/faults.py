"""The one way an act of this room is refused: a code whose words stand in labels.FAULTS."""

from zhengtong.accounts.labels import FAULTS


class NotPossible(Exception):
    """The facts say no. Never carries personal data."""

    def __init__(self, code: str) -> None:
        assert code in FAULTS, code
        self.code = code
        super().__init__(code)

    @property
    def words(self) -> str:
        return str(FAULTS[self.code])
