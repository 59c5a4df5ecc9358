"""The staff room at `/staff`: who may come in, the cards, the open case, and everything done to it.

The room only draws what `handlers.staff.card` shows and asks for what `cases.lifecycle` allows; both decide
again in the turn. See `staff_house.StaffHouse` for what it needs.
"""

from __future__ import annotations

from aiohttp import web

from bot.web import staff_answers, staff_entry, staff_files, staff_live, staff_repeats, staff_room, staff_tips
from bot.web.answers_desk import AnswersHouse
from bot.web.repeats_desk import RepeatsHouse
from bot.web.staff_house import CHANNEL, StaffHouse, TooMany, Weak
from bot.web.tips_desk import TipsHouse

__all__ = ["CHANNEL", "StaffHouse", "TooMany", "Weak", "add_routes"]

ROOMS = (staff_entry, staff_room, staff_files, staff_live)


def add_routes(app: web.Application, house: StaffHouse) -> None:
    """Everything under `/staff`."""
    for room in ROOMS:
        room.add_routes(app, house)
    if isinstance(house, AnswersHouse):
        staff_answers.add_routes(app, house)
    if isinstance(house, TipsHouse):
        staff_tips.add_routes(app, house)
    if isinstance(house, RepeatsHouse):
        staff_repeats.add_routes(app, house)
