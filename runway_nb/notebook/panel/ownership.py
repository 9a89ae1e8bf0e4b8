"""Whose a panel is in a notebook that several people have open at once. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...redaction import redact_line

_LONGEST_NAME = 40
SOMEBODY = "somebody else"


class Person(NamedTuple):
    """Somebody who has the notebook open; nobody in particular where it is not shared."""

    account: str = ""
    """Tells people apart, in the kernel's memory alone: it may be an e-mail."""
    name: str = ""
    """What the others see of somebody, in the front end too."""


NOBODY = Person()


class Ownership(NamedTuple):
    """Who has opened a panel, and by which connections to the kernel everybody shows it."""

    opener: str = ""
    """The connection that ran the panel's cell last."""
    owner: Person = NOBODY
    people: Mapping[str, Person] = {}
    """By connection; the page that came last stands last."""

    def opened(self, client: str) -> Ownership:
        """Return it after a connection has run the panel's cell: the panel belongs to whoever that is."""
        return self._replace(opener=client, owner=self.people.get(client, NOBODY))

    def met(self, client: str, person: Person) -> Ownership:
        """Return it after the page at a connection has said who looks at it."""
        others = {one: known for one, known in self.people.items() if one != client}
        owner = person if client and client == self.opener else self.owner
        return Ownership(self.opener, owner, {**others, client: person})

    @property
    def is_shared(self) -> bool:
        """Whether the front end knows who has the notebook open."""
        return any(person != NOBODY for person in self.people.values())

    def allows(self, client: str) -> bool:
        """Return True when a connection may change the panel and send from it; each may where it is nobody's."""
        return self.owner == NOBODY or self.people.get(client) == self.owner

    def told(self) -> dict[str, Any]:
        """Return what pages are told: the name, and the owner's connections, the last of which writes the results."""
        if self.owner == NOBODY:
            return {"name": "", "pages": []}
        pages = [client for client, person in self.people.items() if person == self.owner]
        return {"name": self.owner.name or SOMEBODY, "pages": pages}


def person_of(message: Mapping[str, Any]) -> Person:
    """Return who looks at a page, by its message: `account`, and the `name` that the others see."""
    account = str(message.get("account") or "")
    return Person(account, redact_line(str(message.get("name") or ""), _LONGEST_NAME)) if account else NOBODY
