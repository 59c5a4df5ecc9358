"""How well and how fast questions find their answer, beside what else one might use.

Run `python -m tests.bench.bench_faq`. It measures the smoke set, the shipped answers and, when `ZHITONG_EVAL_DIR`
names a folder with faq.jsonl and queries.jsonl, that set with 0 and with 5 aliases. Quality is the same on every
machine; times are CPU time of this process and depend on it.
"""

from __future__ import annotations

import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from faq.bm25 import Postings, grams
from faq.book import load
from faq.danger import shipped
from faq.decide import confidence
from faq.grievance import load_grievances
from faq.measure import Answered, Figures, measure
from faq.search import Index
from faq.site import SHIPPED
from tests.bench.train_danger import judged, read
from tests.bench.train_grievance import judged as judged_grievances

TESTS = Path(__file__).parent.parent / "faq"
LISTS = ("emergencies_heldout", "emergencies_learned", "emergencies_tuned", "emergencies", "no_emergencies")
RAMBLING = "我屋头那个老头子刚才还在摆龙门阵，咋个一下子就梭到地上去了，眼睛翻起人事不知，我一个老婆子弄又弄不动，"
SIZES = (300, 3_000, 30_000)
Items = Sequence[tuple[str, Sequence[str]]]
Found = tuple[tuple[str, ...], float]
Search = Callable[[str], Found]
Row = dict[str, Any]


def ours(items: Items, labels: dict[str, tuple[str, ...]] | None = None) -> Search:
    """Return the product's search with its confidence."""
    index = Index.build_from(items, labels)

    def search(text: str) -> Found:
        hits = index.search(text, 10)
        return tuple(hit.entry_id for hit in hits), confidence(hits)

    return search


def rapidfuzz(scorer: Callable[..., float], items: Items) -> Search:
    """Return RapidFuzz's own search over all texts as they are."""
    texts, owners = _flat(items)

    def search(text: str) -> Found:
        found: list[tuple[str, float, int]] = process.extract(text, texts, scorer=scorer, limit=60)
        return _firsts(owners[place] for _, _, place in found), found[0][1] if found else 0.0

    return search


def plain_bm25(items: Items) -> Search:
    """Return BM25 over characters and their pairs, best text of each entry, texts as they are."""
    texts, owners = _flat(items)
    postings = Postings([grams(list(text)) for text in texts], 1.2, 0.75)

    def search(text: str) -> Found:
        terms = grams(list(text))
        scores = postings.score(terms) / postings.ideal(terms)
        best = np.argsort(-scores, kind="stable")[:60]
        return _firsts(owners[int(place)] for place in best), float(scores[best[0]])

    return search


SYSTEMS: dict[str, Callable[[Items], Search]] = {
    "RapidFuzz WRatio": partial(rapidfuzz, fuzz.WRatio),
    "RapidFuzz ratio": partial(rapidfuzz, fuzz.ratio),
    "plain BM25": plain_bm25,
    "zhitong": ours,
}


def _flat(items: Items) -> tuple[list[str], list[str]]:
    pairs = [(text, name) for name, texts in items for text in texts]
    return [text for text, _ in pairs], [name for _, name in pairs]


def _firsts(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))[:10]


def rows_of(path: Path) -> list[Row]:
    """Return the objects of a JSON-lines file."""
    return [json.loads(row) for row in path.read_text("utf-8").splitlines() if row.strip()]


def ask(search: Search, queries: Sequence[Row]) -> tuple[list[Answered], list[float]]:
    """Return what was found for each query, and the milliseconds each took."""
    answered: list[Answered] = []
    times: list[float] = []
    for row in queries:
        start = process_time()
        found, sure = search(row["text"])
        times.append((process_time() - start) * 1000)
        answered.append(Answered(row["faq_id"], row.get("noise", "none"), found, sure))
    return answered, times


def compare(title: str, items: Items, queries: Sequence[Row]) -> None:
    """Print one set's table: a row for each system and kind of noise."""
    print(f"\n{title}: {len(items)} entries, {sum(len(texts) for _, texts in items)} texts, {len(queries)} questions")
    shares = f"{'top-1':>8}{'top-3':>8}{'MRR@10':>8}{'right@2%':>10}{'AURC':>8}"
    print(f"  {'':18}{'':10}{'n':>6}{shares}{'p50 ms':>9}{'p95 ms':>8}")
    for name, build in SYSTEMS.items():
        answered, times = ask(build(items), queries)
        middle, slow = np.percentile(times, [50, 95])
        for kind, found in measure(answered).items():
            print(f"  {name:18}{kind:10}{_cells(found)}{middle:>9.2f}{slow:>8.2f}")


def _cells(found: Figures) -> str:
    shares = f"{found.top1:>8.3f}{found.top3:>8.3f}{found.mrr10:>8.3f}"
    return f"{found.n:>6}{shares}{found.right_direct_at_2pct:>10.3f}{found.aurc:>8.3f}"


def compare_set(folder: Path) -> None:
    """Print a judged set's tables, with as many aliases as it has up to 0 and up to 5."""
    entries = load([folder / "faq.jsonl"]).entries
    queries = rows_of(folder / "queries.jsonl")
    for aliases in (0, 5) if any(one.aliases for one in entries) else (0,):
        items = [(one.id, (one.question, *one.aliases[:aliases])) for one in entries]
        compare(f"{folder.name}, {aliases} aliases", items, queries)


def villagers() -> None:
    """Print the shares of villagers' questions whose policy and entry is found on the shipped answers."""
    book = load([SHIPPED / "subsidies"])
    queries = [row for name in ("villagers", "villagers_heldout") for row in rows_of(TESTS / f"{name}.jsonl")]
    items = [(one.id, (one.question, *one.aliases)) for one in book.entries]
    known = {one.id: (one.policy, one.aspect) for one in book.entries}
    print(f"\nshipped answers: {len(items)} entries, {len(queries)} villagers' questions")
    print(f"  {'':18}{'policy in first 3':>19}{'entry first':>13}")
    for name, build in {**SYSTEMS, "zhitong": partial(ours, labels=known)}.items():
        search = build(items)
        found = [([known[one] for one in search(row["text"])[0][:3]], row) for row in queries]
        policy = np.mean([row["policy"] in [pair[0] for pair in pairs] for pairs, row in found])
        entry = np.mean([pairs[:1] == [(row["policy"], row["aspect"])] for pairs, row in found])
        print(f"  {name:18}{policy:>19.3f}{entry:>13.3f}")
    judged_grievances(load_grievances(), "grievances.jsonl", "villagers.jsonl")
    judged_grievances(load_grievances(), "grievances_heldout.jsonl", "villagers_heldout.jsonl")


def emergencies() -> None:
    """Print how many of the written-down emergencies are recognised, how many look-alikes are taken for one, and how
    long it takes. The first list was not learned from."""
    reader = shipped()
    print()
    for name in LISTS:
        judged(reader, read(TESTS.parent / "handlers" / f"{name}.tsv"), name)
    for size in (20, 50, 200):
        start = process_time()
        for _ in range(200):
            reader((RAMBLING * 4)[:size])
        print(f"  {size} characters are read in {(process_time() - start) * 5:.2f} ms")


def memory() -> None:
    """Print what an index of 3 000 one-text entries and of 500 entries with five aliases each keeps, and its peak."""
    texts = [one.question for one in load([SHIPPED / "subsidies"]).entries]
    flat = _grown(texts, 3_000)
    rich = [(f"x{number}", [text for _, (text,) in flat[number * 6 : number * 6 + 6]]) for number in range(500)]
    print(f"\n{'memory':15}{'texts':>9}{'kept MB':>9}{'peak MB':>9}")
    for name, items in (("0 aliases", flat), ("5 aliases", rich)):
        tracemalloc.start()
        index = Index.build_from(items)
        index.search("低保要什么条件")
        kept, peak = (size / 2**20 for size in tracemalloc.get_traced_memory())
        tracemalloc.stop()
        print(f"  {name:13}{sum(len(one) for _, one in items):>9}{kept:>9.1f}{peak:>9.1f}")


def speed() -> None:
    """Print build and search times over growing catalogues of one-text entries cut from the shipped questions."""
    book = load([SHIPPED / "subsidies"])
    texts = [text for one in book.entries for text in (one.question, *one.aliases)]
    queries: list[Row] = [{"text": row["text"], "faq_id": None} for row in rows_of(TESTS / "villagers.jsonl")]
    print(f"\nspeed{'':15}{'entries':>9}{'build s':>9}{'p50 ms':>9}{'p95 ms':>8}")
    for size in SIZES:
        items = _grown(texts, size)
        for name, build in SYSTEMS.items():
            start = process_time()
            search = build(items)
            built = process_time() - start
            middle, slow = np.percentile(ask(search, queries * 3)[1], [50, 95])
            print(f"  {name:18}{size:>9}{built:>9.2f}{middle:>9.2f}{slow:>8.2f}")


def _grown(texts: Sequence[str], size: int) -> Items:
    dice = random.Random(1)
    made = list(texts[:size])
    while len(made) < size:
        head, tail = dice.choice(texts), dice.choice(texts)
        made.append(f"{head[: len(head) // 2]}{tail[len(tail) // 2 :]}{dice.randrange(50)}")
    return [(f"x{number}", [text]) for number, text in enumerate(made)]


def main() -> None:
    """Print every table."""
    compare_set(TESTS / "smoke")
    villagers()
    emergencies()
    if folder := os.environ.get("ZHITONG_EVAL_DIR"):
        compare_set(Path(folder))
    speed()
    memory()


if __name__ == "__main__":
    main()
