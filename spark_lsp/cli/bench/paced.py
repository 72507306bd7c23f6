"""A person who types at a pace: keys at fixed times, whatever becomes of the last one.

Owns when keys are pressed. A typist who waits for answers hides how long they take (coordinated
omission); this one does not, and says how late it was itself.
"""

import asyncio
from collections.abc import Callable


async def press(keys: int, seconds: float, key: Callable[[int], None]) -> list[float]:
    """Press so many keys, so many seconds apart, and wait as long behind the last one.

    Returns the milliseconds that each came too late, for a busy machine or a slow `key`.
    """
    clock = asyncio.get_running_loop().time
    begin, late = clock() + seconds, []
    for number in range(keys):
        due = begin + number * seconds
        await asyncio.sleep(due - clock())
        late.append((clock() - due) * 1000)
        key(number)
    await asyncio.sleep(begin + keys * seconds - clock())
    return late
