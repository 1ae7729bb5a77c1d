"""Whole answers that are no language, and others that only look odd."""

from __future__ import annotations

import base64
import hashlib
import random
import string

import pytest

from fellowship.pipelines.pairing.gibberish import find_gibberish
from tests.support.paths import SHARED

RANDOM = random.Random(7)


def letters(count: int, among: str = string.ascii_lowercase) -> str:
    return "".join(RANDOM.choice(among) for _ in range(count))


NOISE = {
    "colon": ":",
    "dots": "... ... ...",
    "dashes": "-----",
    "emoji": "🔥🔥🚀✨💯",
    "one emoji": "👍",
    "stars": "*** *** ***",
    "brackets": "[[[]]] {{{}}}",
    "question marks": "????????????",
    "one letter": "a" * 60,
    "one letter spaced": "x " * 40,
    "one word": "buffer " * 30,
    "one phrase": "I am the best answer. " * 25,
    "one syllable": "lalalalalalalalalalala",
    "one Chinese word": "好的" * 30,
    "one digit": "7" * 50,
    "random words": " ".join(letters(RANDOM.randint(4, 9)) for _ in range(20)),
    "random line": letters(80),
    "random with marks": ", ".join(letters(6) for _ in range(15)) + ".",
    "keyboard": "asdfghjkl qwertyuiop zxcvbnm sdfghjk xcvbnm qwrtp",
    "random capitalised": " ".join(letters(7).capitalize() for _ in range(15)),
    "base64": base64.b64encode(RANDOM.randbytes(120)).decode(),
    "base64 lines": base64.encodebytes(RANDOM.randbytes(200)).decode(),
    "base64 of text": base64.b64encode(b"What is a lake? It is water." * 4).decode(),
    "hex": RANDOM.randbytes(64).hex(),
    "hex blocks": " ".join(RANDOM.randbytes(16).hex() for _ in range(4)),
    "hash": hashlib.sha256(b"x").hexdigest(),
    "tokens": " ".join(letters(30, string.ascii_letters + "0123456789") for _ in "123"),
    "mojibake Russian": "Привет, как дела? Всё хорошо".encode().decode("latin-1"),
    "mojibake Chinese": "湖是一片水域，四周是陆地".encode().decode("latin-1"),
    "mojibake emoji": "🔥🚀✨💯".encode().decode("latin-1"),
    "replaced": "\ufffd\ufffd\ufffdlake\ufffd\ufffd",
    "controls": "\x01\x02\x03 ok \x04\x05",
    "private": "\ue000\ue001\ue002\ue003",
    "stacked accents": "".join(c + "\u0301\u0302\u0303\u0304\u0305" for c in "lakes"),
    "scripts": "lake вода 湖水 بحيرة โลก 호수 אגם mer река 空 سماء ฟ้า 하늘 שמיים",
}
LANGUAGE = {
    "one word": "Yes",
    "a letter": "C",
    "a number": "42",
    "long number": "1" + "0" * 100,
    "negative": "-3.5",
    "digits": "3.14159265358979323846264338327950288419716939937510",
    "formula": "x = (-b ± √(b² - 4ac)) / 2a",
    "TeX": r"$$\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}$$",
    "matrix": "0 0 0 0\n0 0 0 0\n0 0 0 0\n0 0 0 0",
    "identity": "1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1",
    "sequence": "1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89",
    "Python": "def f(x):\n    return [y for y in range(x) if y % 2]\n",
    "C++": "std::vector<std::pair<int, int>> v; for (auto& [k, w] : v) k += w;",
    "assembly": "mov eax, ebx\nxor ecx, ecx\npush ebp\njmp short loop\nret",
    "shell": "find . -name '*.py' -exec grep -Hn 'xargs' {} \\; | sort | uniq -c",
    "SQL": "SELECT qty, sku FROM wrhs_stk WHERE mfg_cd = 'XKCD' GROUP BY qty;",
    "regex": r"^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+)@(?:[a-z0-9-]+\.)+[a-z]{2,}$",
    "C names": "strncpy(dst, src, len); fprintf(stderr, fmt); mktmpdir(pthrd_ctx);",
    "CSS": ".btn { color: #ff5733; background: #c0ffee; margin: 0 auto; }",
    "JSON": '{"name": "get_weather", "arguments": {"city": "Zürich", "days": 3}}',
    "number JSON": '{"x": [1, 2, 3], "y": [0.1, 0.22, 0.333], "n": 3}',
    "XML": "<svg width='10'><rect x='1' y='1' width='8' height='8'/></svg>",
    "table": "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
    "rule": "Title\n" + "=" * 60 + "\nSome text below a rule.",
    "list": "- apples\n- pears\n- plums\n- quinces",
    "labels": "Yes\nNo\nYes\nYes\nNo\nYes\nNo\nNo\nYes\nYes\nNo\nYes",
    "poem": "Row, row, row your boat\nGently down the stream\n" * 2,
    "laugh": "Ha ha ha! Ha ha ha!",
    "buffalo": "Buffalo buffalo Buffalo buffalo buffalo buffalo Buffalo buffalo.",
    "Jabberwocky": "Twas brillig, and the slithy toves did gyre and gimble in the wabe",
    "address": "https://drive.google.com/file/d/1A2b3C4d5E6f7G8h9I0jKLmnOpQrStUv/view",
    "path": "/usr/local/lib/python3.11/site-packages/fellowship/__init__.py",
    "acronyms": "HTTP, HTTPS, SMTP, FTP, XML, JSON, NVMe, PCIe, LLVM, GDPR, BBQ",
    "long word": "pneumonoultramicroscopicsilicovolcanoconiosis",
    "German": "Rechtsschutzversicherungsgesellschaften schätzen Zwetschgenknödel sehr.",
    "Polish": "Chrząszcz brzmi w trzcinie w Szczebrzeszynie, Grzegorz Brzęczyszczykiewicz.",
    "Czech": "Strč prst skrz krk. Vlk zmrzl, zhltl hrst zrn. Čtvrtek, čtvrthrst.",
    "Welsh": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
    "Hungarian": "Megszentségteleníthetetlenségeskedéseitekért dzsungel, zsömle, csak.",
    "Finnish": "Kalsarikännit ja juustohöylä ovat hyviä, mutta lämpömittari puuttuu.",
    "Dutch": "Angstschreeuw en slechtstschrijvend, het is erg koud vandaag.",
    "Swedish": "Sju sjuksköterskor skötte sjuttiosju sjösjuka sjömän på skeppet.",
    "Turkish": "Çekoslovakyalılaştıramadıklarımızdan mısınız, bilmiyorum ama güzel.",
    "Vietnamese": "Nghiêng nghiêng vành nón, người thương ơi, đường về quê xa lắm.",
    "Swahili": "Ng'ombe mmoja anakunywa mbwa mchafu mjini Mwanza, nchi nzuri.",
    "Zulu": "Ngiyaxolisa, ngcwele; uNkulunkulu uthanda izwe lonke, hlala kahle.",
    "pinyin": "Zhongguo de shoudu shi Beijing; Xi'an, Chongqing, Qinghai, Xinjiang.",
    "French": "Où est-ce qu'il y a des œufs très frais près d'ici, s'il vous plaît ?",
    "Portuguese": "NÃO É ISSO. A ação não será à tarde; o avião é português, irmã.",
    "Icelandic": "Eyjafjallajökull gaus, þjóðvegurinn lokaðist og hvassviðrið jókst.",
    "Russian": "Озеро — это водоём, окружённый сушей; взгляд, вскрик, всплеск.",
    "Greek": "Η λίμνη είναι μια έκταση νερού που περιβάλλεται από ξηρά.",
    "Chinese": "湖是四周被陆地包围的一片水域。",
    "Japanese": "湖とは、陸地に囲まれた水のたまりです。ラーメンが好きです。",
    "Korean": "호수는 육지로 둘러싸인 물입니다.",
    "Arabic": "البحيرة مساحة من الماء تحيط بها اليابسة من كل جانب.",
    "Hebrew": "אגם הוא מקווה מים המוקף ביבשה מכל עבריו.",
    "Thai": "ทะเลสาบคือแหล่งน้ำขนาดใหญ่ที่ล้อมรอบด้วยแผ่นดิน",
    "Hindi": "झील चारों ओर से भूमि से घिरा हुआ जल का एक बड़ा भाग है।",
    "Tamil": "ஏரி என்பது நிலத்தால் சூழப்பட்ட நீர்நிலை.",
    "greetings": "Hello, Hola, Bonjour, Привет, 你好, こんにちは, 안녕하세요",
    "smiley": "Sure! 🔥🔥🔥 Here we go 🚀🚀🚀",
    "chess": "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7",
    "chemistry": "CH3-CH2-OH + O2 -> CO2 + H2O; NaHCO3, C6H12O6, (NH4)2SO4",
    "peptide name": "acetylglutamylseryltryptophanylglycylprolylhistidine",
    "commit": "Fixed in 3f786850e387550fdab836ed7e6dc881de23001b: the lock is freed now.",
    "phone": "+41 44 668 18 00",
    "chords": "Am G F E | Am G F E | Am G F E | Am",
    "screenplay": "MARGE: Hmmmmmm.\nHOMER: Mmmmmm... doughnuts. Zzzzzz.",
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_no_language(name: str) -> None:
    assert find_gibberish(NOISE[name], "What is a lake?")


@pytest.mark.parametrize("name", LANGUAGE)
def test_what_is_odd_but_means_something_passes(name: str) -> None:
    assert find_gibberish(LANGUAGE[name], "What is a lake?") == ""


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Answer in emojis only: how are you?", "🔥🚀✨"),
        ("Encode 'hello world' 10 times in base64", NOISE["base64"]),
        ("What is the SHA-256 of x?", NOISE["hash"]),
        ("Give me a random password", NOISE["tokens"]),
        ("Write buffer 30 times", NOISE["one word"]),
        ("Which comes next: ▲ ▼ ▲ ?", "▼"),
        ("Which sign goes between 3 and 5?", "<"),
        ("用表情符号回答：你好吗？", "😀👍"),
    ],
)
def test_what_the_prompt_asks_for_passes(prompt: str, text: str) -> None:
    assert find_gibberish(text, prompt) == ""


def test_no_answer_of_the_released_data_is_struck() -> None:
    path = SHARED / "paper" / "labels" / "pandalm-testset-v1.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    import json

    rows = json.loads(path.read_text("utf-8"))
    struck = {
        (found, row[name][:80])
        for row in rows
        for name in ("response1", "response2")
        if isinstance(row[name], str)
        and (found := find_gibberish(row[name], f"{row['instruction']} {row['input']}"))
    }
    assert len(struck) <= 5, struck


def test_an_answer_that_opens_in_words_is_not_noise_as_a_whole() -> None:
    noise = " ".join(["gfhdj", "bcjgd", "dgcfh", "jbhcd", "hgfdj"] * 40)
    assert find_gibberish(noise)
    assert find_gibberish(f"Rinse it first, then dry it well.\n{noise}") == ""
