"""地点: where, by list, by words, by a shared location; a place we do not know is taken as typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from rapidfuzz import fuzz

from cases.redaction import mask
from config.schema import County, Place
from faq.pinyin import encode
from handlers.desk import Desk
from handlers.messages import GeoPoint, Inbound, Option, Reply, Say
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Sure, Take, Unfit, is_other_button
from handlers.questions.choice import yes_or_no
from handlers.talk import Answer
from handlers.words import is_within, number_of, plain, plains

NEAR_KM = 20.0
ALIKE = 72
TYPED_MAX = 100
UNLIKELY = 3  # characters up to which an unknown place is asked back: 不说 is none
_SUFFIXES = ("街道办", "街道", "社区", "村委会", "村", "镇", "乡")


@dataclass(frozen=True, slots=True)
class Where:
    """A known place by id ("" when unknown) and what the citizen called it."""

    place: str
    text: str


@dataclass(frozen=True)
class PlaceChoice(Question):
    """Town, then village; or typed; or the phone's location."""

    story: str = ""  # may name the place
    printed: str = ""  # the place that a printed code stands for

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The likely places and the towns, or the villages of one town."""
        county, lang = desk.county, desk.lang
        if town := county.place_by_id.get((partial or {}).get("town", "")):
            villages = [place for place in county.places if place.parent == town.id]
            options = [Option(f"place:{place.id}", place.label(lang)) for place in villages]
            only = Option(f"place:{town.id}", Say("report.place.only", {"town": town.label(lang)}), "quiet")
            return Reply((Say("report.place.village"),), (*options, only), wants="place")
        near, guess = self._likely(desk)
        likely = [place for id in near if (place := county.place_by_id.get(id))]
        towns = [place for place in county.places if place.kind == "town" and place not in likely]
        options = [Option(f"place:{p.id}", county.place_path(p.id, lang)) for p in likely]
        options += [Option(f"town:{p.id}", p.label(lang)) for p in towns]
        named = "" if (partial or {}).get("elsewhere") else county.place_path(guess, lang)
        prompt = Say("report.place.sure", {"place": named}) if named else Say("report.place.ask")
        return Reply((prompt,), tuple(options), wants="place")

    def _likely(self, desk: Desk) -> tuple[tuple[str, ...], str]:
        """Likely places, from the story, a printed code, earlier cases; and the one that is only to be confirmed."""
        named = [place.id for place in named_in(desk.county, self.story)]
        near = named or ([self.printed] if self.printed else [case.place for case in desk.my_cases()[:2]])
        village = desk.county.place_by_id.get(near[0]) if len(near) == 1 and (named or self.printed) else None
        return tuple(dict.fromkeys(near))[:3], near[0] if village and village.kind == "village" else ""

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """A button, a location or words."""
        if inbound.place:
            return self._located(desk, inbound.place)
        if inbound.choice:
            return self._pressed(desk, inbound.choice, partial or {})
        text = inbound.text.strip()[:TYPED_MAX]
        guess = self._likely(desk)[1]
        if guess and not (partial or {}).get("town"):
            if yes_or_no(desk, text, ("yes",)):
                return Got({"place": guess, "text": ""})
            if yes_or_no(desk, text, ("no",)):
                return More({"elsewhere": True})
        texts = desk.county.texts
        none = any(is_within(texts, f"control.{one}", text) for one in ("asks", "unsure"))
        none = none or is_other_button(desk, text)
        if none or number_of(text) is not None or len(plain(text)) < 2 or mask(text) != text:
            return Miss(Say("report.place.words"))
        return self._typed(desk, text, (partial or {}).get("town", ""))

    def _pressed(self, desk: Desk, token: str, partial: Answer) -> Take:
        verb, _, rest = token.partition(":")
        if verb == "typed" and "text" in partial:
            return Got({"place": partial.get("town", ""), "text": partial["text"]})
        place = desk.county.place_by_id.get(rest)
        if place is None or verb not in ("town", "place"):
            return STALE
        if verb == "town" and any(child.parent == place.id for child in desk.county.places):
            return More({"town": place.id})
        return Got({"place": place.id, "text": partial.get("text", "")})

    def _typed(self, desk: Desk, text: str, town: str) -> Take:
        """What the words name; a village of the town that was chosen comes before one elsewhere."""
        found = find(desk.county, text)
        inside = [place for place in found if town in (place.id, place.parent)]
        found = inside or [place for place in found if not town or mentions(place, text)]
        if len(found) == 1 and mentions(found[0], text):
            return Got({"place": found[0].id, "text": text})
        partial = {"text": text, **({"town": town} if town else {})}
        short = len(plain(text)) <= UNLIKELY
        likely = text.isascii() or is_within(desk.county.texts, "control.place_like", text)
        if not found and not town and (short or not likely):
            return Sure((Option("typed", text),), partial)
        return _one_of(desk, found[:3], partial) if found else Got({"place": town, "text": text})

    def _located(self, desk: Desk, point: GeoPoint) -> Take:
        spot, near = spot_words(point), near_by(desk.county, point)
        if not near:
            return Got({"place": "", "text": spot})
        return _one_of(desk, near[:3], {"text": spot}, "report.place.as_spot")

    def knows(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> bool:
        """Only a place of the list: any words could be a place we do not know."""
        taken = self.take(desk, inbound, shown, partial)
        return isinstance(taken, Got) and bool(taken.answer["place"])

    def value(self, desk: Desk, answer: Answer) -> Where:
        """The place; one that left the files becomes words, or is asked again where there are none."""
        known = desk.county.place_by_id.get(answer["place"])
        if answer["place"] and known is None and not answer["text"]:
            raise Unfit(Say("dialogue.option_gone"))
        return Where(known.id if known else "", answer["text"])


def _one_of(desk: Desk, places: Sequence[Place], partial: Answer, else_: str = "report.place.as_typed") -> Sure:
    options = [Option(f"place:{p.id}", desk.county.place_path(p.id, desk.lang)) for p in places]
    return Sure((*options, Option("typed", Say(else_), "quiet")), partial)


def find(county: County, text: str) -> list[Place]:
    """The places a text may mean, best first: named in it, else alike in sound."""
    typed = plain(text)
    towns = [place for place in county.places if place.kind == "town" and mentions(place, typed)]
    rest = typed
    for name in sorted((name for town in towns for name in _names(town)), key=len, reverse=True):
        rest = rest.replace(name, " ")
    villages = [place for place in county.places if place.kind == "village" and mentions(place, rest)]
    inside = [place for place in villages if place.parent in {town.id for town in towns}]
    return inside or villages or towns or _alike(county, typed)


def named_in(county: County, text: str) -> list[Place]:
    """The villages, else towns, whose full name stands in a story; an alias such as 三元 may be a mere word there."""
    typed = plain(text)
    named = [place for place in county.places if any(name in typed for name in plains((place.name, place.name_en)))]
    towns = {place.id for place in named if place.kind == "town"}
    villages = [place for place in named if place.kind == "village"]
    return [place for place in villages if place.parent in towns] or villages or [p for p in named if p.kind == "town"]


def mentions(place: Place, text: str) -> bool:
    """Whether a text names the place, by its name, an alias, or its name without 村 or 镇."""
    typed = plain(text)
    return any(word in typed for word in _names(place))


@lru_cache(maxsize=4096)
def _forms(names: tuple[str, ...]) -> tuple[str, ...]:
    whole = plains(names)
    stems = [name.removesuffix(suffix) for name in whole for suffix in _SUFFIXES if name.endswith(suffix)]
    return (*whole, *(stem for stem in stems if len(stem) >= 2))


def _names(place: Place) -> tuple[str, ...]:
    return _forms((place.name, place.name_en, *place.aliases))


@lru_cache(maxsize=4096)
def _sound(name: str) -> str:
    return encode(name)


def _alike(county: County, typed: str) -> list[Place]:
    sound = encode(typed)
    scored = [(max(fuzz.ratio(sound, _sound(name)) for name in _names(place)), place) for place in county.places]
    scored.sort(key=lambda item: -item[0])
    return [place for score, place in scored if score >= ALIKE][:3]


def spot_words(point: GeoPoint) -> str:
    """A shared location as it stands in the case."""
    return f"{point.lat:.5f},{point.lon:.5f}"


def near_by(county: County, point: GeoPoint) -> list[Place]:
    """The places within NEAR_KM of a point, nearest first."""
    placed = [(km, place) for place in county.places if (km := distance_km(point, place)) <= NEAR_KM]
    return [place for _, place in sorted(placed, key=lambda item: item[0])]


def distance_km(point: GeoPoint, place: Place) -> float:
    """Great-circle distance in kilometres; infinite for a place without coordinates."""
    if place.lat is None or place.lon is None:
        return float("inf")
    lat1, lat2 = radians(point.lat), radians(place.lat)
    half = sin((lat2 - lat1) / 2) ** 2
    half += cos(lat1) * cos(lat2) * sin(radians(place.lon - point.lon) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))
