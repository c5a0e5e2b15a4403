"""The progress line of a run: how many, how fast, how long still."""

from zhengtong.ledger.progress import Progress


class Course(Progress):
    """As the ledger's, with the time that is left."""

    def _line(self, done: int, now: float) -> str:
        line = super()._line(done, now)
        if not done or not self._total:
            return line
        left = int((now - self._began) * (self._total - done) / done)
        return f"{line}, {left // 60}:{left % 60:02d} left "
