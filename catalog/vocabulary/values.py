"""Parses values of feeds: stock, gender, age group, categories."""

import re

from catalog.errors import RecordError
from catalog.records import Availability
from catalog.text import one_line, shown, squash

NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "--", "<na>"})

GENDERS = {
    "female": "female woman women womens ladies lady f w girl girls feminine damen femme mujer",
    "male": "male man men mens gents gentlemen m boy boys masculine herren homme hombre",
    "unisex": "unisex u all both neutral genderneutral divers any",
}
AGES = {
    "adult": "adult adults grownup women men woman man ladies",
    "kids": "kids kid child children childrens girl girls boy boys infant infants toddler "
    "toddlers newborn baby babies teen teens junior juniors youth kinder",
}
AVAILABILITIES = {  # compared without case, blanks and punctuation
    Availability.IN_STOCK: """instock available yes y true limitedavailability onlineonly
        instoreonly lowstock lastpieces onstock active availablefororder availabletoorder
        availablenow readytoship fewleft limitedstock orderable
        auflager verfügbar lagernd lieferbar sofortlieferbar sofortverfügbar vorrätig ja
        enstock disponible stocklimité oui enexistencia ensuministro hayexistencias sí
        disponibile inmagazzino voorradig opvoorraad leverbaar beschikbaar emestoque disponivel
        disponível sim ilager tillgänglig pålager varastossa dostępny wmagazynie skladem nasklade
        вналичии естьвналичии stokta mevcut あり 在庫あり 有货 现货 有貨 재고있음""",
    Availability.OUT_OF_STOCK: """outofstock soldout unavailable notavailable no n false oos
        discontinued notinstock outstock inactive nostock temporarilyoutofstock currentlyunavailable
        temporarilyunavailable endofline ausverkauft nichtverfügbar nichtauflager nichtlieferbar
        nichtvorrätig vergriffen nein rupturedestock ruptures horsstock indisponible épuisé non
        agotado sinexistencias sinstock nodisponible esaurito nondisponibile uitverkocht
        nietopvoorraad nietvoorradig nietbeschikbaar nietleverbaar esgotado semestoque indisponível
        slutsåld slutilager udsolgt ikkepålager loppuunmyyty niedostępny brakwmagazynie vyprodáno
        нетвналичии stoktayok tükendi なし 在庫なし 缺货 无货 缺貨 품절""",
    Availability.PREORDER: """preorder presale comingsoon availableforpreorder vorbestellung
        vorbestellbar vorbestellen précommande prevente preventa reserva preordine prevendita
        предзаказ 予約 预购 予約受付中""",
    Availability.BACKORDER: """backorder backordered onbackorder availableonbackorder madetoorder
        nachbestellung nachbestellt nachlieferbar surcommande reapprovisionnement bajopedido
        suordinazione nabestelling opbestelling sobencomenda""",
}
# Pieces, such as "5", "-3", "1,200", "10+", ">100", "5.00" or "3 pcs".
PIECES = re.compile(
    r"[>≥~+]?\s*([-−]?)\s*(\d{1,30}(?:[ '’,.]\d{1,30}){0,9}\.?)\s*(?:\+|[^\W\d]{0,9}\.?)"
)
# A text that begins like one of these, and goes on with a number or one of the words after it.
BEGINNINGS = ("instock", "outofstock", "soldout", "auflager", "enstock", "available", "lowstock")
ENDINGS = re.compile(
    r"(?:\d|online|instore|only|now|left|pieces|pcs|items|units|today|shipsin|readytoship|limited)+"
)
_GENDER_OF = {word: name for name, words in GENDERS.items() for word in words.split()}
_AGE_OF = {word: name for name, words in AGES.items() for word in words.split()}
_STOCK_OF = {word: name for name, words in AVAILABILITIES.items() for word in words.split()}


def clean(value: object) -> str | None:
    """One line of text; None for an empty value (None, "", "N/A")."""
    text = "" if value is None else one_line(value)
    return None if text.casefold() in NOTHING else text


def gender(text: str | None) -> str | None:
    """Parses a gender: ``female``, ``male`` or ``unisex``; None for an unknown word."""
    return _GENDER_OF.get(squash(text)) if text else None


def age_group(text: str | None) -> str | None:
    """Parses an age group: ``adult`` or ``kids``; None for an unknown word."""
    return _AGE_OF.get(squash(text)) if text else None


def availability(text: str) -> Availability:
    """Parses an availability: a word, a number of pieces or a schema.org address.

    Raises:
        RecordError: it is none of these.
    """
    word = squash(text.rsplit("/", 1)[-1]) if "://" in text else squash(text)
    if word in _STOCK_OF:
        return _STOCK_OF[word]
    for beginning in BEGINNINGS:
        if word.startswith(beginning) and ENDINGS.fullmatch(word, len(beginning)):
            if re.fullmatch("0+(?:left|pieces|pcs|items|units)?", word.removeprefix(beginning)):
                return Availability.OUT_OF_STOCK
            return _STOCK_OF[beginning]
    try:
        return stock(text)
    except RecordError:
        raise RecordError(
            f"availability {shown(text)} is not understood; use in stock, out of stock, preorder, "
            "backorder, or a number of pieces, or list it under [availability] in LOOKALIKE_WORDS"
        ) from None


def stock(text: str) -> Availability:
    """Parses a number of pieces: more than 0 is in stock.

    Raises:
        RecordError: it is not a number.
    """
    found = PIECES.fullmatch(text.strip())
    if found is None:
        raise RecordError(f"stock {shown(text)} is not a number of pieces")
    sign, number = found.groups()
    some = not sign and re.search(r"[^0.,'’ ]", number) is not None
    return Availability.IN_STOCK if some else Availability.OUT_OF_STOCK
