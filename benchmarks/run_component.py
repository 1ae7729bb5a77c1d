"""Runs of AutoGen teams from their component files, with AutoGen alone.

    python benchmarks/run_component.py team.json [another.json ...] "What is a lake?"

prints a line of JSON for each. Fails if Fellowship can be imported where it runs, unless
FELLOWSHIP_HIDDEN is set, which hides it (for a check inside a development environment).
"""

import asyncio
import importlib.util
import json
import os
import sys


class HiddenModule:
    """An import hook that finds no `fellowship`."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] == "fellowship":
            raise ModuleNotFoundError(name)


def hide_fellowship() -> None:
    """Make sure that Fellowship can't be had."""
    if os.environ.get("FELLOWSHIP_HIDDEN"):
        sys.meta_path.insert(0, HiddenModule())  # type: ignore[arg-type]
        return
    if importlib.util.find_spec("fellowship"):
        sys.exit("fellowship is installed here: this is not a clean environment")


async def main(component: dict[str, object], task: str) -> None:
    """Load, run, print who said what."""
    from autogen_agentchat.teams import RoundRobinGroupChat

    team = RoundRobinGroupChat.load_component(component)
    result = await team.run(task=task)
    said = [[m.source, m.to_model_text()] for m in result.messages]  # type: ignore[union-attr]
    print(json.dumps({"stop_reason": result.stop_reason, "messages": said}))


if __name__ == "__main__":
    hide_fellowship()
    *paths, task = sys.argv[1:]
    for path in paths:
        with open(path, encoding="utf-8") as file:
            asyncio.run(main(json.load(file), task))
