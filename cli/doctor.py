"""`fellowship doctor`: checks of this machine and of a recipe's models.

Every fault comes with the command that mends it.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from collections.abc import Collection
from dataclasses import asdict
from datetime import date
from importlib import metadata
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json, load_with_options, source
from fellowship.cli.terminal import console, print_json, say
from fellowship.errors import FellowshipError
from fellowship.models.client import Finding
from fellowship.models.config import LlamaCppModel, ModelConfig, is_batched
from fellowship.models.providers.registry import PROVIDERS, provider_of
from fellowship.models.record.prices import age_note
from fellowship.models.registry import ModelRegistry
from fellowship.models.trial_call import try_call
from fellowship.number_format import counted
from fellowship.pipelines.recipe.evaluator_checks import voters
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source_account import account_of
from fellowship.sanitize import sanitize

FREE_BYTES = 1_000_000_000
"""Bytes that should be free: a run of 100,000 calls writes about as much."""


@click.command("doctor", epilog=EPILOG)
@click.argument("recipe", type=click.Path(path_type=Path), required=False)
@source
@click.option(
    "--ask", is_flag=True, help="Send one call to each model too, and say what it can."
)
@as_json
def command(
    recipe: Path | None, source: tuple[Path, ...], ask: bool, as_json: bool
) -> int:
    """Check this machine, and the source and every model of RECIPE.

    Without RECIPE the embedded model is checked. Reads the source's first rows; checks
    that servers are up and have the model; no reply is generated. With --ask one short
    call is sent to each model, and paid for: it shows structured output, thinking, token
    probabilities, and which parameters the model refuses.

    \b
    Examples:
      fellowship doctor
      fellowship doctor recipes/paper-best.yaml
      fellowship doctor recipes/paper-best.yaml --ask
    """
    models: dict[str, ModelConfig] = {"embedded": LlamaCppModel(provider="llama_cpp")}
    expected: set[str] = set()
    findings = [check_python(), *check_packages(), check_disk(Path.cwd())]
    if recipe is not None:
        wanted = load_with_options(recipe, source=source)
        models = dict(wanted.models)
        asked = [voter for _, voter in voters(wanted.evaluate)]
        expected = {voter.model for voter in asked if voter.expected}
        findings.append(check_source(wanted.source))
    elif source:
        raise click.UsageError("--source goes with RECIPE")
    findings += [f for entry in PROVIDERS.values() for f in entry.machine_findings()]
    if note := age_note(date.today()):
        findings.append(Finding("prices", True, note))
    findings += asyncio.run(check_models(models, ask=ask, expected=expected))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        show(findings)
    return Exit.DONE if all(finding.good for finding in findings) else Exit.FAILED


def show(findings: list[Finding]) -> None:
    """One line a finding, its cure under it, and how many faults there are."""
    out = console()
    for finding in findings:
        mark = ("ok    ", "green") if finding.good else ("FAULT ", "bold red")
        say(
            out,
            mark,
            (sanitize(finding.subject), "bold"),
            f": {sanitize(finding.message)}",
        )
        if finding.cure:
            say(out, "      fix: ", (sanitize(finding.cure), "cyan"))
    faults = sum(not finding.good for finding in findings)
    say(out, f"{counted(faults, 'problem')} found" if faults else "no problem found")


def check_python() -> Finding:
    """Which Python this is."""
    good = sys.version_info >= (3, 11)
    cure = "" if good else "install Python 3.11 or later"
    return Finding("python", good, f"{platform.python_version()}", cure)


def check_packages() -> list[Finding]:
    """The versions of what everything stands on."""
    found = []
    entries = reversed(list(PROVIDERS.values()))
    named = (package for entry in entries for package in entry.packages)
    for name in dict.fromkeys(named):  # two providers may stand on one
        try:
            found.append(Finding(name, True, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append(Finding(name, False, "not installed", f"pip install {name}"))
    return found


def check_disk(folder: Path) -> Finding:
    """Whether a run has room here."""
    free = shutil.disk_usage(folder).free
    good = free >= FREE_BYTES
    cure = (
        "" if good else "free some disk space, or give --into a folder on a larger disk"
    )
    return Finding("disk", good, f"{free / 1e9:,.1f} GB free in {folder}", cure)


def check_source(source: Source) -> Finding:
    """Whether there is a usable prompt, and why rows are none."""
    try:
        found = account_of(source)
    except FellowshipError as error:
        return Finding("source", False, str(error), "")
    cure = (
        "" if found.usable else "correct the source, or name its columns in the recipe"
    )
    return Finding("source", found.usable > 0, found.sentence(), cure)


async def check_models(
    models: dict[str, ModelConfig],
    *,
    ask: bool = False,
    expected: Collection[str] = (),
) -> list[Finding]:
    """What stands between each model and its first answer; one can't hide another.

    `expected`: the models whose judges take scores from token probabilities.
    """
    findings: list[Finding] = []
    for name, config in models.items():
        try:
            live = {"mode": "live"} if ask and is_batched(config) else {}
            registry = ModelRegistry({name: config.model_copy(update=live)})
        except FellowshipError as error:
            findings.append(Finding(name, False, str(error)))  # it names its cure
            continue
        try:
            checked = await registry.check()
            findings += checked
            if ask and all(finding.good for finding in checked):
                gives = provider_of(config).gives_logprobs
                findings.append(
                    await try_call(
                        registry.bare[name],
                        logprobs=gives,
                        needs_logprobs=name in expected,
                    )
                )
        finally:
            await registry.close()
    return findings
