"""What the suites say of arrivals begins with the word of what is wrong."""

from types import SimpleNamespace

import pytest

from resources.arrivals import arrivals_should_be, arrivals_should_be_numbered_without_a_gap


def messages(ids: str) -> list[SimpleNamespace]:
    """One message for each letter; a capital one is marked as a repetition."""
    return [SimpleNamespace(id=letter.lower(), retry=int(letter.isupper())) for letter in ids]


def numbered(*numbers: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(id=str(seq), retry=0, seq=seq, index=index) for index, seq in enumerate(numbers, start=1)]


@pytest.mark.parametrize("arrived", ["abc", "abAc", "abcABC"])
def test_a_marked_repetition_is_no_second_arrival(arrived: str):
    arrivals_should_be(messages(arrived), messages("abc"))


@pytest.mark.parametrize(
    ("arrived", "told"),
    [
        ("ac", "lost: 1 messages, #2; 2 arrived of 3 sent"),
        ("", "lost: 3 messages, #1, #2, #3; 0 arrived of 3 sent"),
        ("abbc", "duplicated: 1 messages, #2; 4 arrived of 3 sent"),
        ("abcd", "phantom: 1 messages, d; 4 arrived of 3 sent"),
        ("acb", "reordered: #2 came after #3; 3 arrived of 3 sent"),
        ("cc", "lost: 2 messages, #1, #2; duplicated: 1 messages, #3; 2 arrived of 3 sent"),
    ],
)
def test_the_gravest_word_comes_first(arrived: str, told: str):
    with pytest.raises(AssertionError) as failure:
        arrivals_should_be(messages(arrived), messages("abc"))
    assert str(failure.value) == told


@pytest.mark.parametrize("numbers", [(), (7,), (7, 8, 9)])
def test_consecutive_numbers_are_right(numbers: tuple[int, ...]):
    arrivals_should_be_numbered_without_a_gap(numbered(*numbers))


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((7, 9), "gap: seq 9 (#2) came after 7 (#1)"),
        ((7, 9, 8), "reordered: seq 9 (#2) came after 7 (#1)"),
        ((8, 7), "reordered: seq 7 (#2) came after 8 (#1)"),
        ((7, 8, 8), "duplicated: seq 8 (#3) came after 8 (#2)"),
        ((7, 10, 8), "gap: seq 10 (#2) came after 7 (#1)"),
    ],
)
def test_a_number_that_comes_later_is_not_missing(numbers: tuple[int, ...], told: str):
    with pytest.raises(AssertionError) as failure:
        arrivals_should_be_numbered_without_a_gap(numbered(*numbers))
    assert str(failure.value) == told
