"""Who has to get each message: whom its sender declared, else whom its recipient or its likes tell."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.history import Bools, Ints

if TYPE_CHECKING:
    from wireproof.delivery.facts import Facts


@dataclass(frozen=True, eq=False)
class Audience:
    """Pairs of a message and a client that has to get it, in order of messages.

    Attributes:
        message, client: the pairs.
        sizes: for each message how many pairs it has.
        clients: how many names there are.
        declared: for each message whether its sender said who has to get it.
        alias: for each client the one that stands for it where nothing was declared: of several that logged in as the
            same, the last; None where nobody shares.
    """

    message: Ints
    client: Ints
    sizes: Ints
    clients: int
    declared: Bools
    alias: Ints | None

    def find(self, message: Ints, client: Ints) -> Ints:
        """The pair of each message and client, or ABSENT."""
        if not len(self.message):
            return np.full(len(message), ABSENT)
        found = self._find(message, client)
        if self.alias is None:
            return found
        by_alias = self._find(message, self.alias[client])
        return np.where((found == ABSENT) & ~self.declared[message], by_alias, found)

    def _find(self, message: Ints, client: Ints) -> Ints:
        starts = np.cumsum(self.sizes) - self.sizes
        pair = np.minimum(starts[message], len(self.message) - 1)
        single = self.sizes[message] <= 1
        if not single.all():
            keys = self.message * self.clients + self.client
            wanted = message[~single] * self.clients + client[~single]
            pair[~single] = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        matches = (self.message[pair] == message) & (self.client[pair] == client)
        return np.where(matches, pair, ABSENT)


def audience_of(facts: "Facts") -> Audience:
    """The declared audiences, and for messages that were just sent the one that their likes have."""
    expected = facts.history["expected"]
    message, client = _undeclared(facts, facts.is_sent & ~facts.is_expected)
    if len(expected["message"]):
        message = np.concatenate([expected["message"], message])
        client = np.concatenate([expected["client"], client])
    key = message * facts.clients + client
    if len(key) > 1 and not (np.diff(key) > 0).all():
        key = np.unique(key)
        message, client = np.divmod(key, facts.clients)
    sizes = np.bincount(message, minlength=facts.messages)
    return Audience(message, client, sizes, facts.clients, facts.is_expected, _aliases(facts))


def _undeclared(facts: "Facts", undeclared: Bools) -> tuple[Ints, Ints]:
    """Pairs of messages whose audience nobody declared.

    What one sender sends to one recipient in one kind has one audience: the clients that logged in as the recipient,
    else everybody who got any of it and was there when it was sent.
    """
    messages = np.flatnonzero(undeclared)
    if not len(messages):
        return messages, messages
    kind = facts.history["sent"]["kind"][facts.first_send[messages]]
    likes = (facts.sender[messages] * facts.clients + facts.to[messages]) * facts.clients + kind
    _, first, group = np.unique(likes, return_index=True, return_inverse=True)
    recipient = facts.to[messages[first]]
    of_group = _members(facts, messages, group, recipient)
    sizes = np.bincount(of_group[0], minlength=len(first))
    starts = np.cumsum(sizes) - sizes
    repeats = sizes[group]
    pair_message = np.repeat(messages, repeats)
    within = np.arange(len(pair_message)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    pair_client = of_group[1][np.repeat(starts[group], repeats) + within]
    is_named = np.isin(recipient, list(facts.sessions.holders))
    stays = np.repeat(is_named[group], repeats) | facts.sessions.were_there(facts.sent_at[pair_message], pair_client)
    if not stays.all():
        got = facts.receipt_message * facts.clients + facts.receipt_client
        stays |= np.isin(pair_message * facts.clients + pair_client, got)
    return pair_message[stays], pair_client[stays]


def _members(facts: "Facts", messages: Ints, group: Ints, recipient: Ints) -> tuple[Ints, Ints]:
    """Pairs of a group of messages and a member of its audience, in order of groups."""
    holders = {identity: clients[-1] for identity, clients in facts.sessions.holders.items()}
    holder = np.full(facts.clients, ABSENT)
    holder[list(holders.keys())] = list(holders.values())
    holder[0] = ABSENT
    named = np.flatnonzero(holder[recipient] != ABSENT)
    group_of = np.full(facts.messages, ABSENT)
    group_of[messages] = group
    group_of[messages[np.isin(group, named)]] = ABSENT
    ours = group_of[facts.receipt_message] != ABSENT
    heard = np.unique(group_of[facts.receipt_message[ours]] * facts.clients + facts.receipt_client[ours])
    members = np.concatenate([named * facts.clients + holder[recipient[named]], heard])
    members.sort()
    of_group, client = np.divmod(members, facts.clients)
    return of_group, client


def _aliases(facts: "Facts") -> Ints | None:
    shared = [clients for clients in facts.sessions.holders.values() if len(clients) > 1]
    if not shared:
        return None
    alias = np.arange(facts.clients)
    for clients in shared:
        alias[clients] = clients[-1]
    return alias
