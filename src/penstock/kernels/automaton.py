"""Builds the automaton of many patterns (Aho and Corasick 1975): its tree by levels, then rows of moves of states.

The patterns come backwards, for a text that is read from its end: so what is found at a place starts there. States are
numbered level by level, so the children of one are neighbours, and those near the root, where a text mostly stays, come
first: where not all states have room for a row, these have. The others know their children only, and where to go on.

A *move* is the next state times `step`, and 1 where patterns end there. The row of a state begins at its number times
`width`, one further where patterns end: so with `step == width` a move and a class make the next place. Both are even.
"""

from __future__ import annotations

import numpy as np

from .jit import READ_ONLY, helper, kernel
from .memory import load8_at, load32_at
from .simd import address

LEVEL, STATES, ACTIVE = range(3)
"""What `grow` knows between two calls: bytes of the patterns that are in the tree, states, and patterns not yet in."""
DONE, CHILD = range(2)
"""What `connect` knows between two calls: states that are connected, and the first child that has no parent yet."""
_MOST = 0x7FFFFFFF
"""Numbers above are negative ones."""
_BUDGET = 1 << 22
"""Bytes of patterns that one call of `grow` takes, or places of rows that one call of `connect` writes."""


@kernel(
    f"int64({READ_ONLY}, int64[::1], int32[::1], uint8[::1], int32[::1], int32[::1], uint8[::1], int32[::1],"
    "int32[::1], int32[::1], int32[::1], int64[::1])"
)
def grow(joined, starts, numbers, classes, active, places, labels, parents, depths, own, following, state):
    """Put the patterns into the tree, some levels a call; return how many are not yet in.

    joined, starts: the patterns, sorted, and where each starts, and the end. numbers: theirs, ascending among equals.
    classes: of each byte value. active, places: scratch, one for each pattern. labels, parents, depths, own: of each
    state, room for one more than bytes. own: the first pattern that ends there, or -1; following: the next equal one.
    state: see `LEVEL`; 0, 1, and how many patterns there are, with `active` counting and the root in place, at first.
    """
    level, states, left = state[LEVEL], state[STATES], state[ACTIVE]
    budget = np.int64(_BUDGET)
    while left > 0 and budget > 0:
        budget -= left
        kept, parent, label, last = np.int64(0), np.int64(-1), np.int64(-1), np.int64(-1)
        for nth in range(left):
            pattern = np.int64(active[nth])
            at = starts[pattern] + level
            own_class = np.int64(classes[joined[at]])
            if places[pattern] != parent or own_class != label:
                if states >= labels.size:
                    return np.int64(-1)
                parent, label = np.int64(places[pattern]), own_class
                labels[states], parents[states], depths[states], own[states] = label, parent, level + 1, -1
                states += 1
            if at + 1 < starts[pattern + 1]:
                places[pattern] = states - 1
                active[kept] = pattern
                kept += 1
                continue
            number = np.int64(numbers[pattern])
            following[number] = -1
            if own[states - 1] < 0:
                own[states - 1] = number
            else:
                following[last] = number
            last = number
        level, left = level + 1, kept
    state[LEVEL], state[STATES], state[ACTIVE] = level, states, left
    return left


@helper
def move(state, label, rows, width, step, labels, kids, links, first, table):
    """The move from a state by a class, of which only the first `rows` have rows; arrays by their addresses."""
    found = np.int64(-1)
    while state >= rows:
        low, high = load32_at(kids + 4 * state), load32_at(kids + 4 * state + 4)
        while low < high:  # children are sorted; most states have one
            middle = (low + high) >> 1
            own_class = np.int64(load8_at(labels + middle))
            if own_class == label:
                found = middle
                break
            if own_class < label:
                low = middle + 1
            else:
                high = middle
        if found >= 0:
            break
        state = load32_at(links + 4 * state)
    if found >= 0:
        return np.uint64(step * found) | np.uint64(load32_at(first + 4 * found) <= _MOST)
    at = width * state + np.int64(load32_at(first + 4 * state) <= _MOST) + label
    return np.uint64(load32_at(table + 4 * at))


@kernel(
    "int64(int64, int64, int64, int64, uint8[::1], int32[::1], int32[::1], int32[::1], int32[::1], int32[::1],"
    "uint32[::1], int64[::1])"
)
def connect(states, rows, width, step, labels, parents, kids, links, first, following, table, state):
    """Link states, and write the rows of the first `rows` of them, some a call; return how many are not yet done.

    kids: the first child of each state, and the end. links: the state of the longest proper suffix. first: `own` of
    `grow`, becomes the first pattern that ends in each state, the longest; following: becomes the next one after each
    pattern. state: see `DONE`; 0 and 1 at first.
    """
    done, child = state[DONE], state[CHILD]
    budget = np.int64(_BUDGET)
    tree, ways = (address(labels), address(kids), address(links), address(first)), address(table)
    while done < states and budget > 0:
        budget -= width if done < rows else np.int64(16)
        link = np.int64(links[done]) if done > 0 else np.int64(0)
        at = width * done + np.int64(first[done] >= 0)
        if done < rows:
            before = width * link + np.int64(first[link] >= 0)
            for label in range(width - 1):
                table[at + label] = table[before + label] if done > 0 else np.uint32(0)
        kids[done] = child
        while child < states and np.int64(parents[child]) == done:
            label = np.int64(labels[child])
            target = np.int64(0)
            if done > 0:
                entry = move(link, label, rows, width, step, *tree, ways)
                target = np.int64(entry // np.uint64(step))
            links[child] = target
            if first[child] < 0:
                first[child] = first[target]
            else:
                last = np.int64(first[child])
                while following[last] >= 0:
                    last = np.int64(following[last])
                following[last] = first[target]
            if done < rows:
                table[at + label] = np.uint32(step * child + np.int64(first[child] >= 0))
            child += 1
        done += 1
        kids[done] = child
    state[DONE], state[CHILD] = done, child
    return np.int64(states) - done
