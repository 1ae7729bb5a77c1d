"""Texts that would run in a page which forgets to escape one of them, somewhere.

Every one calls `hit(n)`: a page that lets it run gives itself away.
"""

from __future__ import annotations

from itertools import cycle, islice, product

from fellowship.ledger import CallRow
from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Message,
    Outcome,
    PreferencePair,
    Ranking,
    Scores,
    Session,
    Turn,
    Verdict,
)

BARE = (
    "<script>{}</script>",
    "<img src=x onerror={}>",
    "<svg onload={}>",
    "<svg><script>{}</script></svg>",
    "<svg><animate onbegin={} attributeName=x dur=1s>",
    "<details open ontoggle={}>x</details>",
    "<input autofocus onfocus={}>",
    "<video><source onerror={}></video>",
    "<audio src=x onerror={}>",
    "<iframe srcdoc='<script>parent.{}</script>'></iframe>",
    "<iframe src='javascript:parent.{}'></iframe>",
    "<object data='javascript:{}'></object>",
    "<embed src='javascript:{}'>",
    "<body onload={}>",
    "<style onload={}></style>",
    "<style>@import 'javascript:{}';</style>",
    "<link rel=stylesheet href=x onerror={}>",
    "<base href='javascript:{}//'>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<form action='javascript:{}'><button id=x autofocus>x</button></form>",
    "<math><mtext><img src=x onerror={}></mtext></math>",
    "<template><script>{}</script></template>",
    "<noscript><p title='</noscript><img src=x onerror={}>'></noscript>",
    "<marquee onstart={}>x</marquee>",
)
BEFORE = ("", '">', "'>", "</textarea></title></pre></script>", "-->", "]]>", "`")
MARKDOWN = (
    "[x](javascript:{})",
    "[x](JaVaScRiPt:{})",
    "[x](java&#115;cript:{})",
    "[x](java\tscript:{})",
    "[x](\x01javascript:{})",
    "[x](data:text/html,<script>parent.{}</script>)",
    "![x](javascript:{})",
    '![x](x"onerror="{})',
    "<javascript:{}>",
    "[x]: javascript:{}\n\n[x]",
    "```\n</code></pre><img src=x onerror={}>\n```",
    "`</code><script>{}</script>`",
    "|a|\n|-|\n|<img src=x onerror={}>|",
    "# <img src=x onerror={}>",
    "> <svg onload={}>",
    "*<script>{}</script>*",
    "<a href='javascript:{}' autofocus>x</a>",
    "<<script>script>{}<</script>/script>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "\u202e<script>{}</script>",
    "{{{{ {} }}}}{{% {} %}}",
    '"onmouseover="{}" autofocus onfocus="{}',
    "' autofocus onfocus='{}",
    "javascript:{}",
)


def payloads(count: int = 200) -> list[str]:
    """As many different texts, each with a number of its own."""
    shapes = [before + bare for before, bare in product(BEFORE, BARE)]
    mixed = list(dict.fromkeys([*MARKDOWN, *shapes]))
    made = []
    for n, shape in enumerate(islice(cycle(mixed), count)):
        call = f"hit({n})"
        made.append(shape.replace("{}", call).replace("{{", "{").replace("}}", "}"))
    return made


def hostile_row(number: int, text: str) -> Outcome:
    """A row with this text in every field that holds text."""
    said = Verdict(
        winner="first",
        scores=Scores(first=2, second=1),
        reason=text,
        evaluator=text,
        model=text,
        strategy=text,
        call=text,
        note=text,
    )
    turns = tuple(
        Turn(
            source=text,
            role=role,
            model=text,
            text=text,
            call=text,
            finish=text,
            value={"winner": text, "reason": text, text: text},
        )
        for role in (text, "judge")
    )
    first, second = (
        Candidate(text=f"{text}{n}", system=text, model=text, call=text, turns=())
        for n in (1, 2)
    )
    asked = Conversation(messages=(Message(role="user", content=text),))
    met = Comparison(
        first=0,
        second=1,
        outcome="first",
        scores=Scores(first=2, second=1),
        verdicts=(said, said.model_copy(update={"order": "swapped", "phase": "blind"})),
        spared=(text,),
    )
    pair = PreferencePair(
        item=text,
        number=number,
        prompt=asked,
        chosen=first,
        rejected=second,
        chosen_score=2,
        rejected_score=1,
    )
    return Outcome(
        number=number,
        item=text,
        id=text,
        state="pair",
        why=text,
        conversation=asked,
        candidates=(first, second),
        ranking=Ranking(scores=(2, 1), winner=0, comparisons=(met,)),
        pairs=(pair,),
        sessions=(Session(id=text, team=text, item=text, turns=turns, stopped=text),),
        flags=(text,),
    )


def hostile_call(text: str) -> CallRow:
    """A call with this text in every field that holds text."""
    request = '{"messages": [{"role": "user", "content": "<script>hit(0)</script>"}]}'
    named = (text, text, text, text, text)
    return CallRow(*named, request, text, text, text, 1, 1, 0, None, 0.0, 1.0, 1)
