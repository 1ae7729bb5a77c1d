"""Words of verdicts in Portuguese, Italian and Dutch, one table each."""

from __future__ import annotations

from fellowship.agents.parsing.language_tables import Language, bounded

PORTUGUESE = Language(
    r"\b(?:veredito|vencedora?|respostas?|pontuação|primeir[ao]|decisão)\b",
    bounded(
        (
            (r"vered(?:ito|icto)(?: final)?|decisão|conclusão", "verdict"),
            (r"vencedora?|melhor resposta", "winner"),
            (r"(?:pontuação|nota)(?: (?:da|de|para))?", "score"),
            (r"(?:a |o )?primeir[ao]", "the first"),
            (r"(?:a |o )?segund[ao]", "the second"),
            (r"resposta", "response"),
            (r"(?:um )?empate", "tie"),
            (r"é|são", "is"),
            (r"melhor", "better"),
            (r"pior", "worse"),
            (r"ganha|vence", "wins"),
            (r"ou", "or"),
            (r"não|nem|nenhuma", "not"),
            (r"mas|talvez|embora|porém", "maybe"),
            (r"porque|pois", "because"),
            (r"de", "of"),
            (r"e", "and"),
        )
    ),
)
ITALIAN = Language(
    r"\b(?:verdetto|vincitore|vincitrice|rispost[ae]|pareggio|punteggio|giudizio finale)\b",
    bounded(
        (
            (r"verdetto(?: finale)?|decisione|conclusione|giudizio finale", "verdict"),
            (r"vincitore|vincitrice|risposta migliore|migliore risposta", "winner"),
            (r"(?:punteggio|voto)(?: (?:della|di|per))?", "score"),
            (r"(?:la |il )?prim[ao]", "the first"),
            (r"(?:la |il )?second[ao]", "the second"),
            (r"risposta", "response"),
            (r"(?:un )?(?:pareggio|parità)", "tie"),
            (r"è|sono", "is"),
            (r"migliore|meglio", "better"),
            (r"peggiore|peggio", "worse"),
            (r"vince", "wins"),
            (r"oppure|o", "or"),
            (r"non|né|nessuna", "not"),
            (r"ma|forse|però|anche se", "maybe"),
            (r"perché|poiché", "because"),
            (r"su|di", "of"),
            (r"e", "and"),
        )
    ),
)
DUTCH = Language(
    r"\b(?:oordeel|eindoordeel|winnaar|antwoord(?:en)?|gelijkspel|eerste|tweede)\b",
    bounded(
        (
            (r"(?:eind)?oordeel|beslissing|conclusie", "verdict"),
            (r"winnaar|beste antwoord|betere antwoord", "winner"),
            (r"(?:eind)?(?:score|cijfer)", "score"),
            (r"(?:het |de )?eerste", "the first"),
            (r"(?:het |de )?tweede", "the second"),
            (r"antwoord", "response"),
            (r"(?:een )?gelijkspel|gelijk", "tie"),
            (r"is|zijn", "is"),
            (r"beter", "better"),
            (r"slechter|zwakker", "worse"),
            (r"wint", "wins"),
            (r"of", "or"),
            (r"niet|geen|noch", "not"),
            (r"maar|misschien|hoewel", "maybe"),
            (r"omdat|want", "because"),
            (r"van", "of"),
            (r"en", "and"),
        )
    ),
)
