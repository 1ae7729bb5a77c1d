"""Splits of a dataset (train, test and so on) by groups of similar prompts.

A prompt is on one side of a split, and so is every prompt that is nearly the same.
Prompts that MinHash finds alike at .8 form one group, over any number of steps; groups
are put in an order that depends on the seed and their prompts alone, and the order is
cut by rows. So a split is the same for the same rows and seed, whatever their order.
"""

from __future__ import annotations

from collections.abc import Mapping

from fellowship.pipelines.export.examples import text_hash, unpack
from fellowship.pipelines.export.filter_pass import FilterPass
from fellowship.pipelines.export.near_duplicates import NearDuplicates

SIMILARITY = 0.8
SPACE = 2


def assign_splits(
    filter_pass: FilterPass, shares: Mapping[str, float], seed: int
) -> None:
    """Give every prompt of the rows that are left its split, in the scratch file."""
    group_prompts(filter_pass)
    scratch = filter_pass.scratch
    groups = sorted(
        (text_hash("split", seed, root), root, rows)
        for root, rows in scratch.rows(
            "SELECT n.root, count(*) FROM rows r JOIN prompts_near n"
            " ON n.prompt = r.prompt WHERE r.dropped IS NULL GROUP BY n.root"
        )
    )
    total, whole = sum(rows for _, _, rows in groups), sum(shares.values())
    ends, sofar = [], 0.0
    for name, share in shares.items():
        sofar += share / whole
        ends.append((sofar * total, name))
    done = 0
    for _, root, rows in groups:
        middle = done + rows / 2
        name = next((n for end, n in ends if middle <= end), ends[-1][1])
        done += rows
        scratch.run(
            "INSERT INTO split_of SELECT prompt, ? FROM prompts_near WHERE root = ?",
            (name, root),
        )


def group_prompts(filter_pass: FilterPass) -> None:
    """Find each prompt's group: its root is the smallest key in it."""
    near = NearDuplicates(filter_pass.scratch, SIMILARITY, space=SPACE, keep_all=True)
    roots: dict[int, int] = {}
    seen: set[int] = set()
    for number, prompt, _, record in filter_pass.kept_rows():
        if prompt in seen:
            continue
        seen.add(prompt)
        for other in near.add([unpack(record).prompt_text], number):
            (found,) = filter_pass.scratch.rows(
                "SELECT prompt FROM rows WHERE n = ?", (other,)
            )
            join_groups(roots, prompt, found[0])
    for prompt in seen:
        filter_pass.scratch.run(
            "INSERT INTO prompts_near VALUES (?, ?)",
            (prompt, group_root(roots, prompt)),
        )


def group_root(roots: dict[int, int], prompt: int) -> int:
    """The head of a prompt's group; itself where it is alone."""
    while prompt in roots:
        prompt = roots[prompt]
    return prompt


def join_groups(roots: dict[int, int], one: int, other: int) -> None:
    """Make two groups one, under the smaller head."""
    low, high = sorted((group_root(roots, one), group_root(roots, other)))
    if low != high:
        roots[high] = low


def split_of(filter_pass: FilterPass, prompt: int) -> str:
    """The split a prompt was given."""
    sql = "SELECT name FROM split_of WHERE prompt = ?"
    ((name,),) = filter_pass.scratch.rows(sql, (prompt,))
    return str(name)
