"""The text that a scripted model writes on and a person types, and text that it never agrees with.

Owns both, and where the model is in them: what it writes follows from the text before the cursor
alone, as with a real one, so that asking twice at a place gives the same answer. Pure.
"""

import re

HEAD = "    def settle(self, entries, today):\n        "
"""What stands before the passage; the model finds its place by it."""

PASSAGE = """\
overdue = [entry for entry in entries if entry.due < today]
        for entry in overdue:
            self.accounts[entry.owner].charge(entry.amount)
        return len(overdue)

    def remind(self, account, today):
        silence = (today - account.last_reminder).days
        if silence < self.patience or not account.address:
            return None
        letter = self.letters.render(account.name, account.balance)
        account.last_reminder = today
        return self.post.send(account.address, letter)

    def balance(self, currency):
        total = Decimal(0)
        for account in self.accounts.values():
            if account.currency == currency:
                total += account.balance
            else:
                total += self.rates.convert(account.balance, account.currency, currency)
        return total.quantize(self.smallest[currency])

    def close(self, owner, reason):
        account = self.accounts.pop(owner)
        if account.balance:
            raise StillOwed(owner, account.balance)
        self.archive.append((account, reason))
        for watcher in self.watchers:
            watcher.closed(account)
        return account
"""
"""What the model has in mind, and what is typed along it."""

AGAINST = """\
margin = price * rate - discount
        weight = load(parcel) + tare
        height = measure[top] - measure[bottom]
        volume = height * width * depth
        charge = base + weight * tariff[zone] + margin
        ticket = {"zone": zone, "charge": charge}
        report.append(ticket)
        return report
"""
"""What is typed against the model: no character of it is the one that it would write there."""

_CALL = """\
measured(
            first, second, third, entry.amount, entry.currency, account.owner, account.balance,
            since=account.opened, until=today, rate=self.rates.current(entry.currency, today),
            before=self.archive.newest(account.owner), after=self.post.pending(account.address),
            watchers=[watcher for watcher in self.watchers if watcher.follows(account.owner)],
        )
"""
"""What the model writes where the passage does not go on: one statement, longer than an answer."""
_TOKEN = re.compile(r"\s*(?:\w{1,8}|[^\w\s]{1,3})|\s+")
_STROKE = re.compile(r"\n *|.")
_NAME = re.compile(r"\w\Z")
_CLOSED = re.compile(r"""[\])}"']\Z""")
_SPACED = re.compile(r"""[\w\])}"'] +\Z""")


def typed(prefix: str) -> str | None:
    """Return what has been typed behind the head, None if that is not in sight."""
    _, head, behind = prefix.rpartition(HEAD)
    return behind if head else None


def continuation(prefix: str) -> str:
    """Return all that the model would write behind a text.

    Along the passage that is the rest of it. Anywhere else it is what could stand there in a
    program, and begins otherwise than `AGAINST` goes on.
    """
    behind = typed(prefix)
    if behind is not None and PASSAGE.startswith(behind):
        return PASSAGE[len(behind) :]
    if _NAME.search(prefix):
        begin = "_total."
    elif _CLOSED.search(prefix):
        begin = "."
    elif _SPACED.search(prefix):
        begin = "or self."
    else:
        begin = "self."
    return begin + _CALL


def tokens(text: str) -> list[str]:
    """Cut a text into pieces as long as a vocabulary for code has them, blanks in front."""
    return _TOKEN.findall(text)


def strokes(text: str) -> list[str]:
    """Return the keys that type a text: editors indent a new line by themselves."""
    return _STROKE.findall(text)
