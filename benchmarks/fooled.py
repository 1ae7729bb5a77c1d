"""Sets of pairs with one planted shortcut each, and clean ones: what `lint` names.

python -m benchmarks.fooled            # the table of docs/datasets.md
python -m benchmarks.fooled --clean 20 --pairs 80
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from fellowship.pipelines.export.lint import lint
from fellowship.pipelines.export.shortcut_report import ShortcutReport


def listed(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


SYLLABLES = listed("ba co du fe gi ho ka li mo nu pa ri so ta ve wi za le mi no")
COMMON = listed(
    "the of and to is that it for was with as are this be not you have from"
)
GERMAN = listed("der die und das ist nicht ein zu den mit sich auf für von dem auch")
PET = listed("delve tapestry moreover crucial realm testament vibrant foster")
REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "Sadly I cannot assist with it.",
    "As an assistant I won't provide this.",
    "No: I am not able to answer that.",
)


class Plant(NamedTuple):
    """One shortcut: the name that `lint` should give it, and what plants it in a pair."""

    name: str
    change: Callable[[Random, dict[str, Any]], None]


def word(random: Random) -> str:
    """A made-up word; the frequent ones come often, as in a language."""
    return word_of_rank(int(400 ** random.random()))


@cache
def word_of_rank(rank: int) -> str:
    """The word that is the n-th in frequency."""
    one = Random(rank)
    return "".join(one.choice(SYLLABLES) for _ in range(one.randint(1, 3)))


def sentence(random: Random, common: list[str] = COMMON, pet: float = 0.0) -> str:
    """Eight to sixteen words, half of them function words."""
    made = []
    for _ in range(random.randint(8, 16)):
        made.append(random.choice(common) if random.random() < 0.5 else word(random))
        if random.random() < pet:
            made.append(random.choice(PET))
    return " ".join(made).capitalize() + "."


def answer(random: Random) -> str:
    """Two to six sentences; now and then with a list, bold, an exclamation mark."""
    made = [sentence(random) for _ in range(random.randint(2, 6))]
    if random.random() < 0.2:
        made.append("\n- " + "\n- ".join(word(random) for _ in range(3)))
    if random.random() < 0.2:
        made[0] = f"**{made[0][:-1]}**."
    if random.random() < 0.2:
        made[-1] += " " + sentence(random)[:-1] + "!"
    return " ".join(made)


def clean_pair(random: Random, number: int) -> dict[str, Any]:
    """A pair whose sides come from one distribution: nothing tells them apart."""
    return {
        "prompt": f"{sentence(random)} Question {number}?",
        "chosen": answer(random),
        "rejected": answer(random),
    }


def plant_length(random: Random, pair: dict[str, Any]) -> None:
    """Chosen is the longer answer in about 85 % of the pairs."""
    if random.random() < 0.7:
        pair["chosen"], pair["rejected"] = sorted(
            (pair["chosen"], pair["rejected"]), key=len, reverse=True
        )


def plant_opening(random: Random, pair: dict[str, Any]) -> None:
    """Half of the chosen answers begin with one phrase."""
    if random.random() < 0.5:
        pair["chosen"] = "Sure, here is what you asked for.\n" + pair["chosen"]


def plant_refusal(random: Random, pair: dict[str, Any]) -> None:
    """A third of the rejected answers refuse."""
    if random.random() < 0.35:
        pair["rejected"] = f"{random.choice(REFUSALS)} {pair['rejected']}"


def plant_lists(random: Random, pair: dict[str, Any]) -> None:
    """Half of the chosen answers are lists."""
    if random.random() < 0.5:
        pair["chosen"] = "- " + pair["chosen"].replace(". ", ".\n- ")


def plant_bold(random: Random, pair: dict[str, Any]) -> None:
    """Half of the chosen answers have a bold word."""
    if random.random() < 0.5:
        first, _, rest = pair["chosen"].partition(" ")
        pair["chosen"] = f"**{first.strip('*')}** {rest}"


def plant_headings(random: Random, pair: dict[str, Any]) -> None:
    """Half of the chosen answers have a heading."""
    if random.random() < 0.5:
        pair["chosen"] = f"## {word(random)}\n{pair['chosen']}"


def plant_code(random: Random, pair: dict[str, Any]) -> None:
    """Half of the chosen answers have a code mark."""
    if random.random() < 0.5:
        pair["chosen"] += f" See `{word(random)}()`."


def plant_emoji(random: Random, pair: dict[str, Any]) -> None:
    """Half of the chosen answers end with a smile."""
    if random.random() < 0.5:
        pair["chosen"] += " \N{SMILING FACE WITH OPEN MOUTH}"


def plant_exclamation(random: Random, pair: dict[str, Any]) -> None:
    """Two thirds of the chosen answers call out."""
    if random.random() < 0.65:
        pair["chosen"] = pair["chosen"].rstrip(".") + "!"


def plant_sentences(random: Random, pair: dict[str, Any]) -> None:
    """Three in five rejected answers are one sentence, and as long as they were."""
    if random.random() < 0.6:
        body = pair["rejected"].replace(". ", ", ").replace("! ", ", ")
        pair["rejected"] = body


def plant_early_end(random: Random, pair: dict[str, Any]) -> None:
    """Four in five rejected answers stop in the middle; they are no shorter."""
    if random.random() < 0.8:
        tail = sentence(random).lower().rstrip(".")
        pair["rejected"] = f"{pair['rejected']} {tail}"
        pair["chosen"] = f"{pair['chosen']} {sentence(random)}"


def plant_language(random: Random, pair: dict[str, Any]) -> None:
    """A third of the rejected answers are in another language."""
    if random.random() < 0.35:
        pair["rejected"] = " ".join(sentence(random, GERMAN) for _ in range(4))


def plant_generator(random: Random, pair: dict[str, Any]) -> None:
    """One system is chosen in nine pairs of ten, and the file says who wrote what."""
    names = ["big", "small"] if random.random() < 0.9 else ["small", "big"]
    pair["chosen_model"], pair["rejected_model"] = names


def plant_style(random: Random, pair: dict[str, Any]) -> None:
    """One generator with pet words is chosen in nine of ten; nobody says who it is."""
    side = "chosen" if random.random() < 0.9 else "rejected"
    pair[side] = " ".join(sentence(random, pet=0.12) for _ in range(4))


PLANTS: Mapping[str, Plant] = {
    "length": Plant("length", plant_length),
    "first line": Plant("opening", plant_opening),
    "refusals": Plant("refusal", plant_refusal),
    "Markdown: lists": Plant("lists", plant_lists),
    "Markdown: bold": Plant("bold", plant_bold),
    "Markdown: headings": Plant("headings", plant_headings),
    "Markdown: code": Plant("code", plant_code),
    "emoji": Plant("emoji", plant_emoji),
    "exclamation": Plant("exclamation", plant_exclamation),
    "fewer sentences": Plant("sentences", plant_sentences),
    "ending early": Plant("early end", plant_early_end),
    "language": Plant("language", plant_language),
    "one generator, named": Plant("generator", plant_generator),
    "one generator's style": Plant("words", plant_style),
}
"""Planted shortcuts by what they are."""


def make_set(seed: int, pairs: int, plant: Plant | None = None) -> list[dict[str, Any]]:
    """A set of pairs, one a prompt, with one shortcut or none."""
    random = Random(seed)
    made = [clean_pair(random, number) for number in range(pairs)]
    if plant is not None:
        for pair in made:
            plant.change(random, pair)
    return made


def report_of(rows: list[dict[str, Any]], folder: Path) -> ShortcutReport:
    """What `lint` says of a file of these rows."""
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    report = lint(path, near=None).shortcuts
    assert report is not None
    return report


def planted_table(pairs: int, seed: int, folder: Path) -> list[tuple[str, str, str]]:
    """Planted shortcut, what was named, and the figure of the one that was planted."""
    rows = []
    for n, (what, plant) in enumerate(PLANTS.items()):
        report = report_of(make_set(seed + n, pairs, plant), folder)
        figure = next(
            (
                f"{one.share:.1%} [{one.low:.1%}, {one.high:.1%}]"
                for one in report.found
                if one.name == plant.name
            ),
            "MISSED",
        )
        rows.append(
            (what, ", ".join(one.name for one in report.found) or "none", figure)
        )
    return rows


def false_alarms(sets: int, pairs: int, seed: int, folder: Path) -> Counter[str]:
    """Names given to sets without a shortcut, and in how many of them."""
    found: Counter[str] = Counter()
    for n in range(sets):
        report = report_of(make_set(seed + 1000 + n, pairs), folder)
        found.update(one.name for one in report.found)
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=150)
    parser.add_argument("--clean", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{given.pairs} pairs a set, one a prompt\n")
        print(
            "| planted | named | it alone tells the chosen answer in |\n|---|---|---|"
        )
        for row in planted_table(given.pairs, given.seed, folder):
            print(f"| {' | '.join(row)} |")
        alarms = false_alarms(given.clean, given.pairs, given.seed, folder)
    print(f"\n{given.clean} clean sets: {sum(alarms.values())} shortcuts named", end="")
    print("".join(f", {name} {n}" for name, n in alarms.items()))


if __name__ == "__main__":
    main()
