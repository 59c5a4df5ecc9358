"""What people's own words teach about which entry they mean."""

from __future__ import annotations

import numpy as np

from faq.decide import confidence
from faq.owners import MOST_TEXTS, Owners
from faq.search import Index

CATALOGUE = [
    ("cancel", ["怎么取消订单", "不想要了能退吗", "刚买的想撤掉", "撤单在哪里点"]),
    ("late", ["订单什么时候到", "等了好久还没送来", "东西几天能到", "送货要多久"]),
    ("bare", ["发票怎么开"]),
]


def test_words_of_one_owner_speak_for_it() -> None:
    texts = [list("甲乙丙"), list("甲乙丁"), list("戊己庚"), list("戊己辛")]
    found = Owners(texts, [0, 0, 1, 1], 0.3)
    assert found.score(list("甲乙"))[0] > 0.3 > 0 > found.score(list("甲乙"))[1]
    assert int(np.argmax(found.score(list("己")))) == 1
    assert np.abs(found.score(list("子丑"))).max() < 1e-6
    assert np.abs(found.score([])).max() < 1e-6


def test_a_catalogue_without_labels_is_taught_by_its_texts() -> None:
    hits = Index.build_from(CATALOGUE).search("买了不想要，订单想撤")
    assert [hit.entry_id for hit in hits[:2]] == ["cancel", "late"]
    assert hits[0].signals["lead"] > 0 > hits[1].signals["lead"]
    assert confidence(hits) > confidence(Index.build_from(CATALOGUE).search("订单"))


def test_one_text_each_or_labels_teach_nothing() -> None:
    alone = Index.build_from([(name, texts[:1]) for name, texts in CATALOGUE]).search("怎么取消订单")
    labelled = Index.build_from(CATALOGUE, {name: (name,) for name, _ in CATALOGUE}).search("怎么取消订单")
    assert all("lead" not in hit.signals for hit in (*alone, *labelled))


def test_too_many_texts_are_left_aside() -> None:
    many = [(f"x{number}", [f"问题{number}", f"问第{number}个"]) for number in range(MOST_TEXTS // 2 + 1)]
    assert "lead" not in Index.build_from(many).search("问题7")[0].signals
