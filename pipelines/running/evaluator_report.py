"""Evaluator report of a finished run: what asking several judges was worth.

Read off the run's outcomes, like everything else. Where rows have people's labels, jurors
and debates are held against them; where there are none, nothing is claimed but what the
votes alone can say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec

from fellowship.errors import install_command
from fellowship.pipelines.agreement.comparison_votes import (
    SIDES,
    ComparisonVotes,
)
from fellowship.pipelines.planning.call_counts import voter_calls
from fellowship.pipelines.running.evaluator_records import (
    DebateReport,
    EscalationReport,
    EvaluatorReport,
    JurorReport,
    Share,
)
from fellowship.pipelines.running.evaluator_votes import EvaluatorVotes
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.settings import DebateSettings, EvaluateSettings, JurySettings
from fellowship.teams.voting_rules import rule_named

DecisionOf = Callable[[ComparisonVotes], str | None]


def evaluator_report(
    votes: EvaluatorVotes, settings: EvaluateSettings
) -> EvaluatorReport | None:
    """The account of a run's evaluator; None where nothing was compared."""
    comparisons = votes.comparisons
    if not comparisons:
        return None
    names = dict.fromkeys(name for each in comparisons for name in each.decisions)
    jurors = tuple(juror_report(name, comparisons) for name in names)
    chosen = {name for each in comparisons for name in each.spared}
    best, by, rows = best_juror([n for n in names if n not in chosen], comparisons)
    voting = [name for name in voters(settings, names) if name not in chosen]
    worth, worth_by = effective_jurors(comparisons, settings, voting)
    return EvaluatorReport(
        comparisons=len(comparisons),
        labelled=sum(each.label in SIDES for each in comparisons),
        right=share_right(comparisons, lambda each: each.outcome),
        jurors=jurors,
        best=best,
        best_by=by,
        best_rows=rows,
        seats=len(voting),
        n_eff=worth,
        n_eff_by=worth_by,
        spared=sum(len(each.spared) for each in comparisons),
        recused=sum(len(each.recused) for each in comparisons),
        same_family=votes.related_rows,
        escalation=escalation_report(votes, settings),
        debate=debate_report(comparisons, settings),
        warning=rule_warning(comparisons, settings),
    )


def rule_warning(
    comparisons: Sequence[ComparisonVotes], settings: EvaluateSettings
) -> str:
    """Why a rule over the whole run had too few comparisons, or nothing."""
    if (
        not isinstance(settings, JurySettings)
        or not rule_named(settings.rule).whole_run
    ):
        return ""
    from fellowship.pipelines.agreement.jury_weights import too_few_comparisons

    return too_few_comparisons(comparisons, [one.speaker for one in settings.jurors])


def share_right(comparisons: Sequence[ComparisonVotes], decision: DecisionOf) -> Share:
    """How often `decision` is what people say, where both say something."""
    given = [(decision(each), each.label) for each in comparisons]
    known = [(one, label) for one, label in given if label in SIDES and one in SIDES]
    return Share(many=sum(one == label for one, label in known), of=len(known))


def juror_report(name: str, comparisons: Sequence[ComparisonVotes]) -> JurorReport:
    """One voter over the whole run."""
    given = [(each.decisions.get(name), each.outcome) for each in comparisons]
    read = [(one, end) for one, end in given if one in SIDES]
    agreed = [one == end for one, end in read if end in SIDES]
    return JurorReport(
        name=name,
        asked=sum(one is not None for one, _ in given),
        read=len(read),
        with_verdict=Share(many=sum(agreed), of=len(agreed)),
        right=share_right(comparisons, lambda each: each.decisions.get(name)),
        right_of_asked=right_of_asked(name, comparisons),
    )


def right_of_asked(name: str, comparisons: Sequence[ComparisonVotes]) -> Share:
    """How often a voter is right of all labelled rows it was asked on, readable or not."""
    asked = [c for c in comparisons if name in c.decisions and c.label in SIDES]
    right = sum(each.decisions[name] == each.label for each in asked)
    return Share(many=right, of=len(asked))


FEW_ROWS = 10
"""Comparisons in common under which nobody is the best alone."""


def best_juror(
    names: Sequence[str], comparisons: Sequence[ComparisonVotes]
) -> tuple[str | None, str, int]:
    """Who does best alone, by which measure, and on how many comparisons.

    All are held to the same comparisons: those on which each of them named a side or a
    tie. A juror asked on fewer than half of them is left out, or nobody else could be
    compared. By labels where FEW_ROWS such rows have one, else by the verdict; nobody where
    there are fewer, or where several are level.
    """
    most = max((asked_count(n, comparisons) for n in names), default=0)
    able = [n for n in names if 2 * asked_count(n, comparisons) > most]
    shared = [c for c in comparisons if all(c.decisions.get(n) in SIDES for n in able)]
    labelled = [(c, c.label) for c in shared if c.label in SIDES]
    decided = [(c, c.outcome) for c in shared if c.outcome in SIDES]
    by = "labels" if len(labelled) >= FEW_ROWS else "the verdict"
    rows = labelled if by == "labels" else decided
    if len(able) < 2 or len(rows) < FEW_ROWS:
        return None, by, len(rows)
    right = {n: sum(c.decisions[n] == truth for c, truth in rows) for n in able}
    best = [n for n in able if right[n] == max(right.values())]
    return (best[0] if len(best) == 1 else None), by, len(rows)


def asked_count(name: str, comparisons: Sequence[ComparisonVotes]) -> int:
    """On how many comparisons a voter named a side or a tie."""
    return sum(each.decisions.get(name) in SIDES for each in comparisons)


def voters(settings: EvaluateSettings, names: Iterable[str]) -> list[str]:
    """A jury's jurors without its strong judge; else whoever gave verdicts."""
    if isinstance(settings, JurySettings):
        return [juror.speaker for juror in settings.jurors]
    return list(names)


def effective_jurors(
    comparisons: Sequence[ComparisonVotes],
    settings: EvaluateSettings,
    jurors: Sequence[str],
) -> tuple[float | None, str]:
    """The effective number of a jury's voters, and what it depends on.

    Of those who are asked every time: who is asked where others differ is seen on the
    hard rows alone, and would look independent.
    """
    if not isinstance(settings, JurySettings) or len(settings.jurors) < 2:
        return None, "no jury"
    if len(jurors) < 2:
        spared = "early_stop: " if settings.early_stop else ""
        return None, f"{spared}fewer than two jurors were asked every time"
    if find_spec("numpy") is None:
        return None, f"needs numpy: {install_command('stats')}"
    from fellowship.pipelines.agreement.jury_weights import (
        effective_votes,
        effective_votes_unlabelled,
    )

    together = [c for c in comparisons if all(name in c.decisions for name in jurors)]
    by_errors = effective_votes(together, jurors) if together else None
    if by_errors is not None:
        return by_errors, "labels"
    by_votes = effective_votes_unlabelled(together, jurors) if together else None
    if by_votes is not None:
        return by_votes, "votes"
    return None, "fewer than two comparisons have a valid vote of every juror"


def escalation_report(
    votes: EvaluatorVotes, settings: EvaluateSettings
) -> EscalationReport | None:
    """Calls to the strong judge that were and weren't made, repairs aside."""
    if not isinstance(settings, JurySettings) or settings.escalate is None:
        return None
    strong = settings.escalate
    spared = sum(strong.speaker in each.spared for each in votes.comparisons)
    times = spared
    if MEETINGS[settings.meet].listed:
        times = votes.spared_rows[strong.speaker]
    elif MEETINGS[settings.meet].alone:
        times = votes.spared_answers[strong.speaker]
    calls = voter_calls(strong, settings).calls.low
    return EscalationReport(
        asked=len(votes.comparisons) - spared,
        spared=spared,
        calls_saved=times * calls,
    )


def debate_report(
    comparisons: Sequence[ComparisonVotes], settings: EvaluateSettings
) -> DebateReport | None:
    """What the debates changed, beside what as many votes would have said."""
    if not isinstance(settings, DebateSettings):
        return None
    debated = [each for each in comparisons if "debate" not in each.spared]
    flips = [
        (each.blind == each.label, each.outcome == each.label)
        for each in debated
        if each.label in SIDES
    ]
    equal = [each.equal == each.outcome for each in debated if each.equal is not None]
    speakers = len(settings.personas) * (2 if settings.order == "both" else 1)
    return DebateReport(
        debated=len(debated),
        unanimous=len(comparisons) - len(debated),
        changed=sum(each.blind != each.outcome for each in debated),
        wrong_to_right=flips.count((False, True)),
        right_to_wrong=flips.count((True, False)),
        right_before=share_right(debated, lambda each: each.blind),
        right_after=share_right(debated, lambda each: each.outcome),
        right_equal_cost=share_right(debated, lambda each: each.equal),
        equal_cost_agrees=Share(many=sum(equal), of=len(equal)),
        calls=speakers * (settings.rounds + 1),
        vote_calls=speakers * (settings.blind_samples + settings.further_samples),
    )
