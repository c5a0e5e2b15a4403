"""The fast way through an XES file: one compiled pass over its bytes, for files as tools write them.

It knows no messages. Whatever it does not know to be regular (another encoding, a document type, CDATA, an element or
entity it has not met, a mistake) it calls unusual, and the exact parser reads the file instead, from its beginning.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., object])

try:
    from zhengtong.analysis.passes import compiled

    IS_COMPILED = True
except ImportError:  # no numba here: read_xes leaves everything to the exact parser
    IS_COMPILED = False

    def compiled(function: F) -> F:
        return function


# what `scan` answers
MORE, ROOM_WORDS, ROOM_CASES, ROOM_KEYS, ROOM_OUT, UNUSUAL, OVER = 0, 1, 2, 3, 4, 5, 6

# places in `state`
POS, DEPTH, TRACES, EVENTS, OUT, PENDING, WORDS, POOL, KEYS, PHASE, ESCAPED = range(11)
STATE: Final = 11

LOG, TRACE, EVENT, GLOBAL, EXTENSION, CLASSIFIER, VALUES, LIST, STRING, DATE, INT, FLOAT, BOOLEAN, ID = range(14)
NAMES: Final = (
    "log", "trace", "event", "global", "extension", "classifier", "values", "list",
    "string", "date", "int", "float", "boolean", "id",
)  # fmt: skip
DEEPEST: Final = 60
OF_TRACE, OF_EVENT, SKIPPED = -1, -2, -4
MOST_ATTRIBUTES: Final = 16

_LETTERS = np.zeros((14, 10), dtype=np.uint8)
_LENGTHS = np.zeros(14, dtype=np.int64)
for _n, _name in enumerate(NAMES):
    _LETTERS[_n, : len(_name)] = np.frombuffer(_name.encode(), dtype=np.uint8)
    _LENGTHS[_n] = len(_name)
_KEY = np.frombuffer(b"key", dtype=np.uint8)
_VALUE = np.frombuffer(b"value", dtype=np.uint8)
_TRUE = np.frombuffer(b"true", dtype=np.uint8)
_FALSE = np.frombuffer(b"false", dtype=np.uint8)
_POWERS = np.array([10.0**n for n in range(23)])
_MONTH = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], dtype=np.int64)
_DAYS_IN = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)


@compiled
def _element(buf: Any, start: int, end: int) -> int:
    length = end - start
    for n in range(14):
        if _LENGTHS[n] == length and _LETTERS[n, 0] == buf[start]:
            same = True
            for k in range(1, length):
                if _LETTERS[n, k] != buf[start + k]:
                    same = False
                    break
            if same:
                return n
    return -1


@compiled
def _is(buf: Any, start: int, end: int, word: Any) -> bool:
    if end - start != len(word):
        return False
    for k in range(len(word)):  # noqa: SIM110 - compiled: a generator would cost
        if buf[start + k] != word[k]:
            return False
    return True


@compiled
def _two(buf: Any, at: int) -> Any:
    a, b = buf[at] - 48, buf[at + 1] - 48
    if 0 <= a <= 9 and 0 <= b <= 9:
        return a * 10 + b
    return -1


@compiled
def read_date(buf: Any, start: int, end: int) -> Any:  # noqa: C901 - compiled: one look at each byte
    """(is read, microseconds UTC, minutes east) of YYYY-MM-DDTHH:MM:SS[.f…](Z|±HH:MM|nothing)."""
    if end - start < 19:
        return False, 0, 0
    if buf[start + 4] != 45 or buf[start + 7] != 45 or buf[start + 10] != 84:
        return False, 0, 0
    if buf[start + 13] != 58 or buf[start + 16] != 58:
        return False, 0, 0
    high, low, month, day = _two(buf, start), _two(buf, start + 2), _two(buf, start + 5), _two(buf, start + 8)
    hour, minute, second = _two(buf, start + 11), _two(buf, start + 14), _two(buf, start + 17)
    if high < 0 or low < 0 or month < 1 or month > 12 or day < 1 or hour < 0 or minute < 0 or second < 0:
        return False, 0, 0
    year = high * 100 + low
    if year < 1 or hour > 23 or minute > 59 or second > 59:
        return False, 0, 0
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    longest = _DAYS_IN[month - 1] + (1 if leap and month == 2 else 0)
    if day > longest:
        return False, 0, 0
    at = start + 19
    micros, digits = 0, 0
    if at < end and buf[at] == 46:
        at += 1
        first = at
        while at < end and 48 <= buf[at] <= 57:
            if digits < 6:
                micros = micros * 10 + (buf[at] - 48)
                digits += 1
            at += 1
        if at == first:
            return False, 0, 0
        while digits < 6:
            micros *= 10
            digits += 1
    east = 0
    if at < end:
        sign = buf[at]
        if sign == 90 and at + 1 == end:
            east = 0
        elif (sign == 43 or sign == 45) and at + 6 == end and buf[at + 3] == 58:
            hours, minutes = _two(buf, at + 1), _two(buf, at + 4)
            if hours < 0 or minutes < 0 or hours > 18 or minutes > 59:
                return False, 0, 0
            east = hours * 60 + minutes
            if sign == 45:
                east = -east
        else:
            return False, 0, 0
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 + _MONTH[month - 1] + day - 1
    if leap and month > 2:
        days += 1
    days -= 719162
    return True, ((days * 24 + hour) * 60 + minute - east) * 60000000 + second * 1000000 + micros, east


@compiled
def read_integer(buf: Any, start: int, end: int) -> Any:
    at = start
    negative = False
    if at < end and buf[at] == 45:
        negative = True
        at += 1
    if at == end or end - at > 18:
        return False, 0
    value = 0
    while at < end:
        digit = buf[at] - 48
        if digit < 0 or digit > 9:
            return False, 0
        value = value * 10 + digit
        at += 1
    return True, -value if negative else value


@compiled
def read_float(buf: Any, start: int, end: int) -> Any:  # noqa: C901 - compiled: one look at each byte
    """Exact where digits and power of ten are both exact as floats; everything else is left to Python."""
    at = start
    negative = False
    if at < end and buf[at] == 45:
        negative = True
        at += 1
    mantissa, digits, power, any_digit = 0, 0, 0, False
    while at < end and 48 <= buf[at] <= 57:
        mantissa = mantissa * 10 + (buf[at] - 48)
        digits += 1
        any_digit = True
        at += 1
        if digits > 15:
            return False, 0.0
    if at < end and buf[at] == 46:
        at += 1
        while at < end and 48 <= buf[at] <= 57:
            mantissa = mantissa * 10 + (buf[at] - 48)
            digits += 1
            power -= 1
            any_digit = True
            at += 1
            if digits > 15:
                return False, 0.0
    if not any_digit:
        return False, 0.0
    if at < end and (buf[at] == 69 or buf[at] == 101):
        at += 1
        below = False
        if at < end and (buf[at] == 45 or buf[at] == 43):
            below = buf[at] == 45
            at += 1
        if at == end or end - at > 3:
            return False, 0.0
        exponent = 0
        while at < end and 48 <= buf[at] <= 57:
            exponent = exponent * 10 + (buf[at] - 48)
            at += 1
        power += -exponent if below else exponent
    if at != end or power > 22 or power < -22:
        return False, 0.0
    value = float(mantissa)
    value = value * _POWERS[power] if power >= 0 else value / _POWERS[-power]
    return True, -value if negative else value


@compiled
def _mixed(buf: Any, start: int, end: int, owner: int) -> Any:
    mixed = np.uint64(1469598103934665603) ^ np.uint64(owner + 1000003)
    for k in range(start, end):
        mixed = (mixed ^ np.uint64(buf[k])) * np.uint64(1099511628211)
    return mixed ^ (mixed >> np.uint64(29))


@compiled
def _intern(buf: Any, start: int, end: int, owner: int, state: Any, slots: Any, words: Any, pool: Any) -> Any:  # noqa: PLR0913 - compiled: arrays, not objects
    """The number of the entry with these bytes under this owner, made if it is new; -1 if there is no room."""
    length = end - start
    mixed = _mixed(buf, start, end, owner)
    mask = len(slots) - 1
    slot = np.int64(mixed & np.uint64(mask))
    check = np.int64(mixed >> np.uint64(1))
    while True:
        entry = slots[slot]
        if entry < 0:
            break
        if words[entry, 0] == check and words[entry, 1] == owner and words[entry, 3] == length:
            at = words[entry, 2]
            same = True
            for k in range(length):
                if pool[at + k] != buf[start + k]:
                    same = False
                    break
            if same:
                return entry
        slot = (slot + 1) & mask
    count = state[WORDS]
    if count * 2 >= len(slots) or count >= len(words) or state[POOL] + length > len(pool):
        return -1
    at = state[POOL]
    for k in range(length):
        pool[at + k] = buf[start + k]
    words[count, 0] = check
    words[count, 1] = owner
    words[count, 2] = at
    words[count, 3] = length
    words[count, 4] = -1
    slots[slot] = count
    state[WORDS] = count + 1
    state[POOL] = at + length
    return count


@compiled
def grow_slots(slots: Any, words: Any, pool: Any, count: int) -> None:
    """Put all entries into a larger table."""
    mask = len(slots) - 1
    for entry in range(count):
        mixed = _mixed(pool, words[entry, 2], words[entry, 2] + words[entry, 3], words[entry, 1])
        slot = np.int64(mixed & np.uint64(mask))
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = entry


@compiled
def _comment_end(buf: Any, at: int, n: int) -> int:
    """After `-->`; -1 if it is not there yet; -2 if the comment is not regular."""
    while at < n:
        c = buf[at]
        if c == 45:
            if at + 2 >= n:
                return -1
            if buf[at + 1] == 45:
                return at + 3 if buf[at + 2] == 62 else -2
        elif c >= 128 or (c < 32 and c != 10 and c != 13 and c != 9):
            return -2
        at += 1
    return -1


@compiled
def _may_stand(element: int, parent: int) -> bool:
    if element == LOG:
        return parent == -1
    if element in (TRACE, GLOBAL, EXTENSION, CLASSIFIER):
        return parent == LOG
    if element == EVENT:
        return parent == TRACE
    if element == VALUES:
        return parent == LIST
    return parent != -1 and parent != EXTENSION and parent != CLASSIFIER


@compiled
def scan(  # noqa: C901, PLR0913, PLR0915 - one compiled pass: arrays instead of objects, no calls that cost
    buf: Any, n: int, state: Any, stack: Any, slots: Any, words: Any, pool: Any, word_counts: Any, key_shape: Any,
    case_events: Any, out_row: Any, out_key: Any, out_value: Any, out_zone: Any, pending: Any, spans: Any,
) -> int:  # fmt: skip
    """Read `buf[state[POS]:n]` element by element; what is not whole yet is left for the next call."""
    pos = state[POS]
    while True:
        while pos < n and (buf[pos] == 32 or buf[pos] == 10 or buf[pos] == 13 or buf[pos] == 9):
            pos += 1
        state[POS] = pos
        if pos >= n:
            return MORE
        if buf[pos] != 60:
            return UNUSUAL
        if pos + 1 >= n:
            return MORE
        c = buf[pos + 1]
        if c == 33:
            if pos + 3 >= n:
                return MORE
            if buf[pos + 2] != 45 or buf[pos + 3] != 45:
                return UNUSUAL
            after = _comment_end(buf, pos + 4, n)
            if after == -2:
                return UNUSUAL
            if after == -1:
                return MORE
            pos = after
            continue
        if c == 63:
            return UNUSUAL
        depth = state[DEPTH]
        if c == 47:
            at = pos + 2
            while at < n and buf[at] != 62:
                at += 1
            if at >= n:
                return MORE
            end = at
            while end > pos + 2 and (buf[end - 1] == 32 or buf[end - 1] == 10 or buf[end - 1] == 13):
                end -= 1
            element = _element(buf, pos + 2, end)
            if depth == 0 or element < 0 or stack[depth - 1, 0] != element:
                return UNUSUAL
            state[DEPTH] = depth - 1
            if element == EVENT:
                state[EVENTS] += 1
                case_events[state[TRACES]] += 1
            elif element == TRACE:
                state[TRACES] += 1
            elif element == LOG:
                state[PHASE] = 2
            pos = at + 1
            continue
        # ---- a start tag
        if state[PHASE] == 2 or depth >= DEEPEST:
            return UNUSUAL
        at = pos + 1
        while at < n and buf[at] > 32 and buf[at] != 62 and buf[at] != 47:
            at += 1
        if at >= n:
            return MORE
        element = _element(buf, pos + 1, at)
        parent = stack[depth - 1, 0] if depth > 0 else -1
        if element < 0 or not _may_stand(element, parent):
            return UNUSUAL
        key_start, key_end, value_start, value_end, spanned, closed = -1, -1, -1, -1, 0, False
        escaped = False
        while True:
            before = at
            while at < n and (buf[at] == 32 or buf[at] == 10 or buf[at] == 13 or buf[at] == 9):
                at += 1
            if at >= n:
                return MORE
            if buf[at] == 62:
                at += 1
                break
            if buf[at] == 47:
                if at + 1 >= n:
                    return MORE
                if buf[at + 1] != 62:
                    return UNUSUAL
                closed = True
                at += 2
                break
            if at == before:
                return UNUSUAL
            name = at
            while at < n and (
                97 <= buf[at] <= 122 or 65 <= buf[at] <= 90 or buf[at] == 58 or buf[at] == 95
                or (at > name and (48 <= buf[at] <= 57 or buf[at] == 45 or buf[at] == 46))
            ):  # fmt: skip
                at += 1
            name_end = at
            if at >= n:
                return MORE
            if buf[at] != 61 or name_end == name:
                return UNUSUAL
            at += 1
            if at >= n:
                return MORE
            quote = buf[at]
            if quote != 34 and quote != 39:
                return UNUSUAL
            at += 1
            start = at
            has_and = False
            while at < n:
                c = buf[at]
                if c == quote:
                    break
                if c <= 38:
                    if c == 38:
                        has_and = True
                    elif c < 32:
                        if c != 10 and c != 13 and c != 9:
                            return UNUSUAL
                        has_and = True
                elif c == 60:
                    return UNUSUAL
                at += 1
            if at >= n:
                return MORE
            if _is(buf, name, name_end, _KEY):
                if key_start >= 0 or has_and:
                    return UNUSUAL
                key_start, key_end = start, at
            elif _is(buf, name, name_end, _VALUE):
                if value_start >= 0:
                    return UNUSUAL
                value_start, value_end, escaped = start, at, has_and
            elif element >= LIST or (has_and and element != EXTENSION and element != CLASSIFIER and element != LOG):
                return UNUSUAL
            else:
                if spanned >= MOST_ATTRIBUTES:
                    return UNUSUAL
                for k in range(spanned):
                    if spans[k, 1] - spans[k, 0] == name_end - name:
                        same = True
                        for j in range(name_end - name):
                            if buf[spans[k, 0] + j] != buf[name + j]:
                                same = False
                                break
                        if same:
                            return UNUSUAL
                spans[spanned, 0], spans[spanned, 1] = name, name_end
                spanned += 1
            at += 1
        # ---- what it means
        owner = SKIPPED
        if element >= LIST:
            if key_start < 0 or key_end == key_start or (element != LIST and value_start < 0):
                return UNUSUAL
            if parent == TRACE:
                owner = OF_TRACE
            elif parent == EVENT:
                owner = OF_EVENT
            elif parent >= VALUES:
                owner = stack[depth - 1, 1]
            if owner != SKIPPED:
                kind = STRING if element == ID else element
                if state[OUT] >= len(out_row) or state[PENDING] >= len(pending):
                    return ROOM_OUT
                entry = _intern(buf, key_start, key_end, -((owner + 5) * 16 + kind), state, slots, words, pool)
                if entry < 0:
                    return ROOM_WORDS
                key = words[entry, 4]
                if key < 0:
                    key = state[KEYS]
                    if key >= len(word_counts):
                        return ROOM_KEYS
                    words[entry, 4] = key
                    key_shape[key, 0], key_shape[key, 1], key_shape[key, 2] = owner, kind, entry
                    top = owner
                    while top >= 0:
                        top = key_shape[top, 0]
                    key_shape[key, 3] = top
                    state[KEYS] = key + 1
                value, zone = 0, 0
                if kind == STRING:
                    found = _intern(buf, value_start, value_end, key, state, slots, words, pool)
                    if found < 0:
                        return ROOM_WORDS
                    if words[found, 4] < 0:
                        words[found, 4] = word_counts[key]
                        word_counts[key] += 1
                    value = words[found, 4]
                    if escaped:
                        state[ESCAPED] = 1
                elif kind != LIST:
                    if escaped:
                        return UNUSUAL
                    fine = True
                    if kind == DATE:
                        fine, value, zone = read_date(buf, value_start, value_end)
                    elif kind == INT:
                        fine, value = read_integer(buf, value_start, value_end)
                    elif kind == FLOAT:
                        fine, number = read_float(buf, value_start, value_end)
                        out_value.view(np.float64)[state[OUT]] = number
                    else:
                        value = 1 if _is(buf, value_start, value_end, _TRUE) else 0
                        fine = value == 1 or _is(buf, value_start, value_end, _FALSE)
                    if not fine:
                        waiting = state[PENDING]
                        pending[waiting, 0], pending[waiting, 1], pending[waiting, 2] = (
                            state[OUT],
                            value_start,
                            value_end,
                        )
                        state[PENDING] = waiting + 1
                if kind != LIST:
                    place = state[OUT]
                    out_row[place] = state[EVENTS] if key_shape[key, 3] == OF_EVENT else state[TRACES]
                    out_key[place] = key
                    if kind != FLOAT:
                        out_value[place] = value
                    out_zone[place] = zone
                    state[OUT] = place + 1
                owner = key
        elif element == TRACE:
            if state[TRACES] + 1 >= len(case_events):
                return ROOM_CASES
        elif element == CLASSIFIER:
            if _intern(buf, pos, at, -1, state, slots, words, pool) < 0:
                return ROOM_WORDS
        elif element == VALUES:
            owner = stack[depth - 1, 1]
        if closed:
            if element == EVENT:
                state[EVENTS] += 1
                case_events[state[TRACES]] += 1
            elif element == TRACE:
                state[TRACES] += 1
            elif element == LOG:
                state[PHASE] = 2
        else:
            stack[depth, 0], stack[depth, 1] = element, owner
            state[DEPTH] = depth + 1
        pos = at


@compiled
def sort_by_key(keys: Any, n: int, counts: Any, order: Any) -> None:
    """Places of the first n keys in order of key, then place; `counts` becomes where each key's places end."""
    for k in range(len(counts)):
        counts[k] = 0
    for i in range(n):
        counts[keys[i]] += 1
    total = 0
    for k in range(len(counts)):
        total += counts[k]
        counts[k] = total - counts[k]
    for i in range(n):
        order[counts[keys[i]]] = i
        counts[keys[i]] += 1


@compiled
def gather(pool: Any, words: Any, entries: Any, offsets: Any, into: Any) -> None:
    """The bytes of these entries, one after the other."""
    for k in range(len(entries)):
        start = words[entries[k], 2]
        at = offsets[k]
        for j in range(words[entries[k], 3]):
            into[at + j] = pool[start + j]
