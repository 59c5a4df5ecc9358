"""类别: what it is about, in two levels, with what the story sounds like and the commonest first."""

from __future__ import annotations

from dataclasses import dataclass

from config.schema import Topic
from handlers.desk import Desk
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Sure, Take, Unfit
from handlers.questions.choice import yes_or_no
from handlers.talk import Answer
from handlers.words import is_said, number_of, pick, plain, plains

PAGE = 9
LONGEST = 60  # characters of words that may name a topic


@dataclass(frozen=True)
class TopicChoice(Question):
    """A topic, by button, number or name; any topic may be typed, on the screen or not."""

    suggested: tuple[str, ...] = ()
    sure: bool = False
    category: str = ""  # from a printed code

    @property
    def takes_no(self) -> bool:
        """None of those."""
        return True

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """Suggestions first, then the shelves, then what stands on one."""
        partial = partial or ({"category": self.category} if self.category and not self.suggested else {})
        if (code := partial.get("category")) in desk.county.category_by_code:
            return self._shelf(desk, str(code))
        if "page" in partial:
            return self._shelves(desk, partial["page"])
        return self._first(desk)

    def _first(self, desk: Desk) -> Reply:
        codes = self.suggested[:3] or desk.county.office.common_topics
        topics = [desk.county.topic_by_code[code] for code in codes if code in desk.county.topic_by_code]
        options = [topic_option(desk, topic, shelf=True) for topic in topics]
        if not self.suggested:
            prompt = Say("report.topic.common")
        elif self.sure and topics:
            prompt = Say("report.topic.sure", {"topic": topics[0].label(desk.lang)})
        else:
            prompt = Say("report.topic.suggested")
        return Reply((prompt,), (*options, Option("page:0", Say("report.topic.all"), "quiet")), wants="choice")

    def _shelves(self, desk: Desk, page: int) -> Reply:
        shelves = desk.county.categories[page * PAGE : (page + 1) * PAGE]
        options = [Option(f"shelf:{shelf.code}", f"{shelf.icon} {shelf.label(desk.lang)}".strip()) for shelf in shelves]
        if (page + 1) * PAGE < len(desk.county.categories):
            options.append(Option(f"page:{page + 1}", Say("word.more"), "quiet"))
        return Reply((Say("report.topic.shelves"),), (*options, _back()), wants="choice")

    def _shelf(self, desk: Desk, code: str) -> Reply:
        shelf = desk.county.category_by_code[code]
        options = [topic_option(desk, topic) for topic in shelf.topics]
        other = Option("page:0", Say("report.topic.all"), "quiet")
        return Reply((Say("report.topic.shelf", {"shelf": shelf.label(desk.lang)}),), (*options, other), wants="choice")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """A button or words: a topic, a shelf, a page."""
        if inbound.choice:
            return self._pressed(desk, inbound.choice)
        first = partial is None and bool(self.suggested)
        if first and yes_or_no(desk, inbound.text, ("yes",)):
            return self._confirmed(desk)
        if first and (
            yes_or_no(desk, inbound.text, ("no",)) or is_said(desk.county.texts, "control.none", inbound.text)
        ):
            return More({"page": 0})
        return self._typed(desk, inbound.text, shown)

    def _pressed(self, desk: Desk, token: str) -> Take:
        verb, _, rest = token.partition(":")
        if token in desk.county.topic_by_code:
            return Got({"code": token})
        if verb == "shelf" and rest in desk.county.category_by_code:
            return More({"category": rest})
        if verb == "page" and rest.isdecimal() and int(rest) * PAGE < len(desk.county.categories):
            return More({"page": int(rest)})
        return STALE

    def _confirmed(self, desk: Desk) -> Take:
        """Yes to one suggestion takes it; yes to several means the first, perhaps."""
        topic = desk.county.topic_by_code.get(self.suggested[0])
        if self.sure or topic is None:
            return self._pressed(desk, self.suggested[0])
        return Sure((topic_option(desk, topic, shelf=True),))

    def _typed(self, desk: Desk, text: str, shown: Shown) -> Take:
        """Every topic and shelf may be named; what is not a name is understood by what it sounds like."""
        everything = [(topic.code, topic.label(desk.lang)) for topic in desk.county.topics()]
        everything += [(f"shelf:{shelf.code}", shelf.label(desk.lang)) for shelf in desk.county.categories]
        if number_of(text) is not None or not plain(text):
            return Miss(Say("dialogue.choose"))
        token, near = pick(text, everything)
        if token:
            return self._pressed(desk, token)
        _, close = pick(text, shown)
        alike = desk.prepared.topics[:1] if desk.prepared.sure else ()
        topics = desk.county.topic_by_code
        likely = (*close, *near, *_by_keyword(desk, plain(text)), *alike)
        known = [code for code in dict.fromkeys(likely) if code in topics][:3]
        if known:
            return Sure(tuple(topic_option(desk, topics[code], shelf=True) for code in known))
        return Miss(Say("report.topic.unknown"))

    def value(self, desk: Desk, answer: Answer) -> Topic:
        """The topic, when the files still have it."""
        topic = desk.county.topic_by_code.get(answer["code"])
        if topic is None:
            raise Unfit(Say("dialogue.option_gone"))
        return topic


def _by_keyword(desk: Desk, typed: str) -> list[str]:
    """Topics that villagers call by these words."""
    if len(typed) < 2 or len(typed) > LONGEST:
        return []
    known = ((topic.code, plains(topic.keywords)) for topic in desk.county.topics())
    part = len(typed) >= 3
    return [code for code, words in known if any(word in typed or (part and typed in word) for word in words)]


def topic_option(desk: Desk, topic: Topic, *, shelf: bool = False) -> Option:
    """A button for a topic; with `shelf` its category stands behind it."""
    name, above = topic.label(desk.lang), desk.county.category_by_code[topic.code[:2]].label(desk.lang)
    return Option(topic.code, Say("report.topic.of", {"topic": name, "shelf": above}) if shelf else name)


def _back() -> Option:
    return Option("back", Say("word.back"), "quiet")
