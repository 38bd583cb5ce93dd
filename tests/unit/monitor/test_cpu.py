"""The processor time of a tree, whoever is born or ends in it between two looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.monitor.cpu import Times, TreeClock

ROOT = (1, 0.0)
DEED = st.tuples(st.sampled_from(["work", "fork", "exit", "look"]), st.integers(0, 3), st.integers(1, 100))
DEEDS = st.lists(DEED, min_size=20, max_size=60)


class Tree:
    """A root and its children; whoever ends is waited for by the root, or by nobody."""

    def __init__(self, waits: bool) -> None:
        self.members = {ROOT: Times(5.0, 3.0)}
        self.worked = 0.0
        self._waits = waits
        self._born = 1

    def do(self, deed: str, who: int, much: int) -> None:
        chosen = list(self.members)[who % len(self.members)]
        times = self.members[chosen]
        if deed == "work":
            self.members[chosen] = Times(times.own + much, times.children)
            self.worked += much
        elif deed == "fork":
            self._born += 1
            self.members[self._born, 0.0] = Times(0.0)
        elif deed == "exit" and chosen != ROOT:
            ended = self.members.pop(chosen)
            root = self.members[ROOT]
            if self._waits:
                self.members[ROOT] = Times(root.own, root.children + ended.own + ended.children)


@given(DEEDS)
def test_nothing_is_lost_with_children_that_end(deeds: list[tuple[str, int, int]]) -> None:
    tree = Tree(waits=True)
    clock = TreeClock(tree.members)
    used = 0.0
    for deed, who, much in deeds:
        if deed == "look":
            used += clock.used(tree.members)
            assert used == pytest.approx(tree.worked)
        tree.do(deed, who, much)
    assert used + clock.used(tree.members) == pytest.approx(tree.worked)


@given(DEEDS)
def test_children_that_nobody_waits_for_keep_what_was_seen_of_them(deeds: list[tuple[str, int, int]]) -> None:
    tree = Tree(waits=False)
    clock = TreeClock(tree.members)
    for deed, who, much in deeds:
        if deed == "look":
            assert clock.used(tree.members) >= 0
        tree.do(deed, who, much)
    assert clock.used(tree.members) <= tree.worked


def test_what_was_counted_of_a_child_does_not_count_again_when_it_has_ended() -> None:
    clock = TreeClock({ROOT: Times(0.0, 2.0), (2, 0.0): Times(5.0)})
    assert clock.used({ROOT: Times(0.0, 8.0)}) == 1.0


def test_a_child_that_nobody_waits_for_takes_nothing_from_the_others() -> None:
    clock = TreeClock({ROOT: Times(0.0), (2, 0.0): Times(5.0)})
    assert clock.used({ROOT: Times(3.0)}) == 3.0


def test_a_new_root_counts_from_its_birth() -> None:
    clock = TreeClock({ROOT: Times(100.0, 50.0)})
    assert clock.used({(2, 7.0): Times(0.5, 0.25)}) == 0.75


def test_what_was_used_before_does_not_count() -> None:
    assert TreeClock({ROOT: Times(100.0, 50.0)}).used({ROOT: Times(100.0, 50.0)}) == 0
