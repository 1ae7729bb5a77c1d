"""Words of verdicts in other languages, one table each, with their English.

Order matters within a table: what is longer stands before what is part of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

Words = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Language:
    """A table, compiled once it is used; patterns match without regard to case."""

    signs: str
    table: Words

    @cached_property
    def sign(self) -> re.Pattern[str]:
        """What a line in this language bears."""
        return re.compile(self.signs, re.IGNORECASE)

    @cached_property
    def words(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """Its words as patterns with their English."""
        return tuple(
            (re.compile(word, re.IGNORECASE), f" {put} ") for word, put in self.table
        )


def bounded(words: Words) -> Words:
    """Patterns of a script with spaces: whole words only."""
    return tuple((rf"(?<!\w)(?:{word})(?!\w)", put) for word, put in words)


GERMAN = Language(
    r"\b(?:Urteil|Gewinner|Sieger|Bewertung|Punktzahl|Gesamturteil|Note der|Fazit"
    r"|Antwort(?:en)?|unentschieden|Entscheidung|beiden?)\b",
    bounded(
        (
            (r"(?:Gesamt|Schluss|End)?urteil|Entscheidung|Fazit", "verdict"),
            (r"Gewinner(?:in)?|Sieger(?:in)?|bessere Antwort", "winner"),
            (r"(?:Gesamt)?(?:bewertung|punktzahl|note)|Punkte", "score"),
            (r"(?:die |der )?erste[nrs]?", "the first"),
            (r"(?:die |der )?zweite[nrs]?", "the second"),
            (r"Antwort", "response"),
            (r"(?:ein )?(?:unentschieden|gleichstand)", "tie"),
            (r"ist|sind", "is"),
            (r"besser", "better"),
            (r"schlechter|schwächer", "worse"),
            (r"gewinnt", "wins"),
            (r"beide(?: Antworten)? (?:is )?(?:gleich gut|gleichwertig)", "tie"),
            (r"oder", "or"),
            (r"nicht|keine[rs]?|weder", "not"),
            (r"aber|jedoch|doch|vielleicht|möglicherweise|wohl|eher", "maybe"),
            (r"weil|da", "because"),
            (r"von", "of"),
            (r"und", "and"),
        )
    ),
)
FRENCH = Language(
    r"\b(?:première|premier|deuxième|seconde|réponses?|égalité|gagnante?|vainqueur)\b",
    bounded(
        (
            (r"verdict(?: final)?|jugement|décision|conclusion", "verdict"),
            (r"gagnante?|vainqueur|meilleure réponse", "winner"),
            (r"(?:note|score)(?: globale?)? (?:de|pour)|note|score", "score"),
            (r"la première|le premier|première|premier", "the first"),
            (r"(?:la |le )?(?:deuxième|seconde)|le second", "the second"),
            (r"réponse", "response"),
            (r"(?:une )?égalité|ex[ -]æquo", "tie"),
            (r"est|sont", "is"),
            (r"meilleure?", "better"),
            (r"pire|moins bonne?", "worse"),
            (r"gagne", "wins"),
            (r"la|le", "the"),
            (r"ou", "or"),
            (r"ne|pas|ni|aucune?", "not"),
            (r"mais|peut-être|plutôt", "maybe"),
            (r"car|parce que", "because"),
            (r"sur", "out of"),
            (r"et", "and"),
        )
    ),
)
SPANISH = Language(
    r"\b(?:veredicto|ganadora?|puntuación|puntaje|calificación|respuestas?|empate"
    r"|primer[ao]?|segund[ao])\b",
    bounded(
        (
            (r"veredicto(?: final)?|decisión|conclusión|juicio", "verdict"),
            (r"ganadora?|mejor respuesta", "winner"),
            (r"(?:puntuación|puntaje|calificación|nota)(?: (?:de|para))?", "score"),
            (r"(?:la |el )?primer[ao]?", "the first"),
            (r"(?:la |el )?segund[ao]", "the second"),
            (r"respuesta", "response"),
            (r"(?:un )?empate", "tie"),
            (r"es|son", "is"),
            (r"mejor", "better"),
            (r"peor", "worse"),
            (r"gana", "wins"),
            (r"la|el", "the"),
            (r"o", "or"),
            (r"no|ni|ninguna|tampoco", "not"),
            (r"pero|quizás?|tal vez|aunque", "maybe"),
            (r"porque|ya que", "because"),
            (r"de|sobre", "of"),
            (r"y", "and"),
        )
    ),
)
RUSSIAN = Language(
    r"(?:вердикт|победител|оценка|ответ|ничья|перв|втор)",
    bounded(
        (
            (r"(?:итоговый |окончательный )?вердикт|решение|вывод", "verdict"),
            (r"победитель|лучший ответ", "winner"),
            (r"(?:общая |итоговая )?оценка|балл(?:ы|ов)?", "score"),
            (r"перв(?:ый|ая|ое|ого|ой)", "the first"),
            (r"втор(?:ой|ая|ое|ого)", "the second"),
            (r"ответа?", "response"),
            (r"ничья|поровну", "tie"),
            (r"лучше", "is better"),
            (r"хуже", "is worse"),
            (r"побеждает|выигрывает", "wins"),
            (r"или|либо", "or"),
            (r"не|ни", "not"),
            (r"но|возможно|может быть|скорее|однако", "maybe"),
            (r"потому что|так как", "because"),
            (r"из", "of"),
            (r"и", "and"),
        )
    ),
)
CHINESE = Language(
    r"(?:判决|裁决|结论|最终判断|判断|判定|获胜|胜者|勝者|胜出|优胜|评分|得分|分数|平局|平手|第[一二]个"
    r"|回答|回复|答案|更好)",
    (
        (r"(?:最终|最后)?(?:判决|裁决|结论|判断|裁定|判定)(?:是|为)?", "verdict"),
        (r"(?:获胜|优胜|胜出)者?|胜者|勝者|赢家", "winner"),
        (r"(?:总体|综合|最终)?(?:评分|得分|分数|打分)", "score"),
        (r"第一(?:个|份|条)?", "the first"),
        (r"第二(?:个|份|条)?", "the second"),
        (r"(?:回答|回复|答案|响应|助手)", "response"),
        (r"平局|平手|不分上下", "tie"),
        (r"(?:明显|略|稍微)?更好|更优|较好|更佳", "is better"),
        (r"更差|较差|不如", "is worse"),
        (r"的|是|为", ""),
        (r"或者?|还是", "or"),
        (r"不|没有|并非|都", "not"),
        (r"但是?|可能|也许|不过", "maybe"),
        (r"因为|由于", "because"),
        (r"分(?!数)", "points"),
        (r"和|与", "and"),
    ),
)
JAPANESE = Language(
    r"(?:判定|勝者|評価|スコア|点数|引き分け|[1１一2２二][つ番]目|回答[AB12]|の回答)",
    (
        (r"(?:最終)?(?:判定|結論|判断)", "verdict"),
        (r"勝者|優れた回答", "winner"),
        (r"(?:総合)?(?:スコア|点数|評価|得点)", "score"),
        (r"[1一][つ番]目|最初|第一", "the first"),
        (r"[2二][つ番]目|第二", "the second"),
        (r"回答|アシスタント", "response"),
        (r"引き分け|同点", "tie"),
        (r"の(?:方|ほう)が(?:より)?(?:良い|優れている)(?:です)?", "is better"),
        (r"または|もしくは|か(?=\s|$)", "or"),
        (r"ない|ません", "not"),
        (r"しかし|ただし|かも|たぶん|どちら", "maybe"),
        (r"です|の|は|が", ""),
        (r"点", "points"),
        (r"と", "and"),
    ),
)
