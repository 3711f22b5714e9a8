"""Slow twin of kernels/automaton.py and kernels/patterns.py."""


def matches(data, patterns):
    """All (position, number), at one position the longest first, equal ones as they are given."""
    numbers = {}
    for number, pattern in enumerate(patterns):
        numbers.setdefault(pattern, []).append(number)
    lengths = sorted({len(pattern) for pattern in patterns}, reverse=True)
    return [
        (at, number)
        for at in range(len(data))
        for length in lengths
        if at + length <= len(data)
        for number in numbers.get(data[at : at + length], ())
    ]


def longest(data, patterns):
    """The first of `matches` at each position."""
    found = {}
    for at, number in matches(data, patterns):
        found.setdefault(at, number)
    return list(found.items())


def tokens(data, patterns):
    """Of `longest`, those that begin behind the one before."""
    found, free = [], 0
    for at, number in longest(data, patterns):
        if at >= free:
            found.append((at, number))
            free = at + len(patterns[number])
    return found


def automaton(patterns):
    """(what each state stands for, its link, the first pattern that ends there, the next one after each pattern).

    States stand for ends of patterns, read backwards; by length, then in order.
    """
    words = {pattern[::-1][:size] for pattern in patterns for size in range(len(pattern) + 1)} | {b""}
    states = sorted(words, key=lambda word: (len(word), word))
    number = {word: at for at, word in enumerate(states)}

    def ends(word):
        """The patterns that end in a state, the longest first."""
        suffixes = [word[cut:][::-1] for cut in range(len(word))]
        return [at for suffix in suffixes for at, pattern in enumerate(patterns) if pattern == suffix]

    links = [
        next((number[word[cut:]] for cut in range(1, len(word) + 1) if word[cut:] in number), 0) for word in states
    ]
    first = [(*ends(word), -1)[0] for word in states]
    following = []
    for at, pattern in enumerate(patterns):
        chain = [*ends(pattern[::-1]), -1]
        following.append(chain[chain.index(at) + 1])
    return states, links, first, following
