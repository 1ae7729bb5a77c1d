"""Prompts of the proof: 340 subjects, two questions each, in four disjoint sets.

A subject's questions stay together, so nothing that is asked when the model is measured
has been asked when it was trained. A set is held out once: `seen` was, for the first
table in docs/log.md; what was decided after it is measured on `held-out`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Part = Literal["train", "development", "seen", "held-out"]
PARTS: dict[Part, int] = {"train": 10, "development": 4, "seen": 10, "held-out": 10}
"""Subjects of each set, of the 34 of a topic."""
WISH = "Answer in exactly two sentences."
SEED = 20261129


@dataclass(frozen=True)
class Topic:
    """Subjects of one kind, and the two questions that are asked of each.

    `fresh` are those of the set that is held out now.
    """

    questions: tuple[str, str]
    subjects: str
    fresh: str

    def names_of(self, part: Part) -> list[str]:
        """The subjects of one set."""
        if part == "held-out":
            return names_in(self.fresh)
        start = {"train": 0, "development": 10, "seen": 14}[part]
        names = names_in(self.subjects)
        random.Random(SEED).shuffle(names)
        return names[start : start + PARTS[part]]


def names_in(text: str) -> list[str]:
    """The names of a list, one by one."""
    return [name.strip() for name in text.split(",")]


TOPICS = (
    Topic(
        ("How does {} work?", "Who would want to own {}?"),
        "a bicycle pump, a sundial, a pressure cooker, a compass, a zip, a fountain pen,"
        " a toaster, a pulley, a hearing aid, a thermos flask, a metronome, a windmill,"
        " a telescope, a sewing machine, a smoke alarm, a barometer, a padlock, a kite,"
        " a music box, a water filter, a periscope, a stapler, a lighthouse lamp,"
        " a spirit level",
        "a doorbell, a hot air balloon, a rain gauge, a hand drill, a"
        " typewriter, a cuckoo clock, a weighing scale, a garden hose, a"
        " lighter, a camping stove",
    ),
    Topic(
        ("What do {} eat?", "How do {} protect themselves?"),
        "hedgehogs, penguins, octopuses, squirrels, camels, honeybees, owls, crocodiles,"
        " sea turtles, moles, flamingos, beavers, wolves, snails, giraffes, otters,"
        " spiders, kangaroos, hummingbirds, elephants, salmon, bats, porcupines, swans",
        "badgers, pandas, seahorses, woodpeckers, zebras, ladybirds, polar"
        " bears, frogs, pelicans, deer",
    ),
    Topic(
        ("How is {} made?", "When would you serve {}?"),
        "sourdough bread, olive oil, tofu, marmalade, yoghurt, pea soup, dark chocolate,"
        " pickled cabbage, maple syrup, fresh pasta, peanut butter, apple cider, couscous,"
        " hard cheese, rice pudding, tomato sauce, green tea, lemonade, hummus, porridge,"
        " potato salad, custard, gingerbread, a cheese omelette",
        "soy sauce, butter, apple pie, mustard, popcorn, miso soup, vinegar,"
        " a fruit jelly, flatbread, mayonnaise",
    ),
    Topic(
        ("What does {} do all day?", "How does one become {}?"),
        "a baker, a librarian, a train driver, a surgeon, a bricklayer, a translator,"
        " a beekeeper, a judge, a plumber, a pilot, a museum guide, a florist,"
        " a firefighter, a vet, a tailor, a shepherd, a chemist, a postman, a cartoonist,"
        " a midwife, a gardener, a carpenter, a sound engineer, a fisherman",
        "a barber, an accountant, a zookeeper, a dentist, a roofer, a bus"
        " driver, a cheesemaker, a radio presenter, a coroner, an optician",
    ),
    Topic(
        ("What causes {}?", "How do {} affect people?"),
        "earthquakes, rainbows, tides, thunderstorms, droughts, avalanches, fogs, eclipses,"
        " forest fires, heat waves, floods, sandstorms, volcanic eruptions, landslides,"
        " cold winters, monsoons, northern lights, hailstorms, ocean currents, whirlpools,"
        " sinkholes, trade winds, long nights, falling leaves",
        "tornadoes, blizzards, geysers, mudflows, meteor showers, dust"
        " devils, high winds, spring tides, acid rains, early frosts",
    ),
    Topic(
        ("Why do people enjoy {}?", "How should a beginner start with {}?"),
        "chess, knitting, birdwatching, rock climbing, pottery, jogging, photography,"
        " stamp collecting, gardening, fishing, juggling, cross-country skiing, choir"
        " singing, origami, sailing, crosswords, rowing, archery, calligraphy, camping,"
        " table tennis, stargazing, cooking, woodcarving",
        "swimming, drawing, card games, beekeeping, dancing, model railways,"
        " bouldering, playing the drums, mushroom hunting, quilting",
    ),
    Topic(
        ("What is {}?", "Give an example of {} in daily life."),
        "friction, compound interest, patience, gravity, a compromise, inflation,"
        " evaporation, curiosity, a habit, a rumour, symmetry, courage, recycling,"
        " a deadline, sarcasm, an algorithm, good manners, insurance, a shortcut, teamwork,"
        " an estimate, a metaphor, echo, stage fright",
        "photosynthesis, irony, a budget, momentum, a monopoly, empathy, a"
        " warranty, a mirage, feedback, nostalgia",
    ),
    Topic(
        ("What would a visitor see at {}?", "Why is {} useful to a town?"),
        "a harbour, a town hall, a farmers' market, a railway station, a public library,"
        " a botanical garden, a quarry, a swimming pool, a theatre, a fire station,"
        " a university, a bakery, a post office, a skating rink, a hospital, a flea market,"
        " a waterworks, a playground, a cinema, a bus depot, an airport, a cathedral,"
        " a recycling centre, a power station",
        "a zoo, a fish market, a court house, a lighthouse, a sawmill, a"
        " school, a nursing home, a stadium, a brewery, a tram stop",
    ),
    Topic(
        ("How can I take care of {}?", "What should I know before buying {}?"),
        "a leather jacket, a goldfish, an old piano, a wooden table, a rubber plant,"
        " a road bike, a puppy, a cast-iron pan, a wool jumper, a used car, a cactus,"
        " a guitar, a laptop, a rabbit, a down quilt, a mechanical watch, a lawn,"
        " hiking boots, a parrot, a silver ring, an espresso machine, a rose bush,"
        " a tent, contact lenses",
        "a violin, a budgerigar, a lawnmower, a wool carpet, an electric"
        " kettle, a canoe, an aquarium, a bonsai tree, a camera, a sofa",
    ),
    Topic(
        ("What is the purpose of {}?", "What would happen without {}?"),
        "traffic lights, vaccination, a constitution, street lamps, school holidays,"
        " the alphabet, passports, sleep, weather forecasts, zebra crossings, public parks,"
        " money, calendars, sewers, newspapers, time zones, bridges, satellites, soap,"
        " elections, maps, bees in an orchard, refrigerators, handwashing",
        "seat belts, libraries, taxes, clocks, fences, fire drills,"
        " postcodes, umbrellas, pavements, recipes",
    ),
)


def prompts_of(part: Part) -> list[str]:
    """The prompts of one set, in a fixed order, each with the wish for two sentences."""
    found = [
        f"{question.format(name)} {WISH}"
        for topic in TOPICS
        for name in topic.names_of(part)
        for question in topic.questions
    ]
    random.Random(SEED).shuffle(found)
    return found
