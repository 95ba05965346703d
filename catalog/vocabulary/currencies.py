"""Currencies: the codes of ISO 4217, and the signs that shops write for them."""

import re

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
CODES = frozenset(_CODES.split())
NO_DECIMALS = frozenset(_NO_DECIMALS.split())
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

# Signs of one currency each. "$", "£" and "¥" belong to several, and letters before them say which.
SIGNS = {
    "€": "EUR", "₹": "INR", "₺": "TRY", "₩": "KRW", "₽": "RUB", "₴": "UAH", "₫": "VND", "฿": "THB",
    "₱": "PHP", "₪": "ILS", "₦": "NGN", "₡": "CRC", "₲": "PYG", "₵": "GHS", "₸": "KZT", "₾": "GEL",
    "₼": "AZN", "₮": "MNT", "৳": "BDT", "៛": "KHR", "₭": "LAK",
}  # fmt: skip
SHARED_SIGNS = {"$": "USD", "£": "GBP", "¥": "JPY"}
BEFORE_SIGN = {
    "$": {
        "R": "BRL", "A": "AUD", "AU": "AUD", "C": "CAD", "CA": "CAD", "CAN": "CAD", "CDN": "CAD",
        "HK": "HKD", "NZ": "NZD", "S": "SGD", "SG": "SGD", "NT": "TWD", "TW": "TWD", "US": "USD",
        "U": "USD", "MX": "MXN", "MEX": "MXN", "AR": "ARS", "CLP": "CLP", "CL": "CLP",
        "COL": "COP", "CO": "COP", "UY": "UYU", "RD": "DOP", "J": "JMD", "JA": "JMD", "TT": "TTD",
        "N": "NAD", "BN": "BND", "B": "BND", "FJ": "FJD", "EC": "XCD", "G": "GYD", "GY": "GYD",
        "BZ": "BZD", "BDS": "BBD", "CI": "KYD", "LD": "LRD", "MOP": "MOP", "WS": "WST", "T": "TOP",
    },
    "£": {"E": "EGP", "EG": "EGP", "GB": "GBP", "UK": "GBP", "FK": "FKP", "GI": "GIP"},
    "¥": {"CN": "CNY", "RMB": "CNY", "JP": "JPY"},
}  # fmt: skip
# Words and letters that stand for one currency when they are written next to the amount.
WORDS = {
    "euro": "EUR", "euros": "EUR", "eu": "EUR", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF",
    "lei": "RON", "лв": "BGN", "руб": "RUB", "р": "RUB", "грн": "UAH", "tl": "TRY", "rm": "MYR",
    "rp": "IDR", "sfr": "CHF", "円": "JPY", "元": "CNY", "rmb": "CNY", "дин": "RSD", "ksh": "KES",
    "tsh": "TZS", "ush": "UGX", "원": "KRW", "บาท": "THB", "₤": "GBP",
}  # fmt: skip
SHARED_WORDS = {"R": "ZAR"}  # as written, with its capital

_WORD = r"[^\W\d_]+"
_LAST_WORD = re.compile(rf"({_WORD})[^\w]*$")
_FIRST_WORD = re.compile(rf"[^\w]*({_WORD})")
_SHARED = re.compile(rf"({_WORD})?\.?(\s?)([$£¥])(?:\s?([A-Za-z]{{2}})(?![A-Za-z]))?")


def currency_beside(before: str, after: str) -> tuple[str | None, bool]:
    """The currency that is written before or after an amount.

    Three letters are a currency only if ISO 4217 knows them: "per" is none. A sign such as "$" is
    that of its largest currency, unless letters before it name another one ("R$", "HK$").

    Returns:
        The code, or None; and whether the text names this currency and no other.

    Raises:
        ValueError: the text names two currencies.
    """
    codes = {
        code for code in (_code(_LAST_WORD.search(before), before + after),
                          _code(_FIRST_WORD.match(after), before + after)) if code
    }  # fmt: skip
    signs = {code for sign, code in SIGNS.items() if sign in before or sign in after}
    shared, certain = _shared(f"{before} {after}")
    named = codes | signs | ({shared} if certain and shared else set())
    if len(named) > 1:
        raise ValueError(f"it names several currencies, {' and '.join(sorted(named))}")
    if named:
        return named.pop(), True
    return shared or _shared_word(before, after), False


def _code(word: "re.Match[str] | None", text: str) -> str | None:
    """The currency of the word beside the amount: a code, or a word that is written for one."""
    if word is None:
        return None
    letters = word.group(1)
    alone = len(re.findall(_WORD, text)) == 1
    # In a sentence, "all" is no Albanian lek.
    if letters.upper() in CODES and (alone or letters.isupper()):
        return letters.upper()
    return WORDS.get(letters.casefold())


def _shared(text: str) -> tuple[str | None, bool]:
    found = _SHARED.search(text)
    if found is None:
        return None, False
    before, gap, sign, after = found.groups()
    table = BEFORE_SIGN[sign]
    if before and before.upper() in table:
        return table[before.upper()], True
    if before and before.upper() in CODES:
        return None, False  # the code counts
    if after and after.upper() in table:  # "25 $ CA"
        return table[after.upper()], True
    if before and not gap:  # letters that are glued to the sign make it another currency
        return None, False
    return SHARED_SIGNS[sign], False


def _shared_word(before: str, after: str) -> str | None:
    word = _LAST_WORD.search(before) or _FIRST_WORD.match(after)
    return SHARED_WORDS.get(word.group(1)) if word else None
