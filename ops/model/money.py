"""Money: a decimal and its currency, never a float, never summed over currencies."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Self

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?|-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Self | None:
        """An amount as Azure writes it: perhaps with a currency sign, perhaps with thousands separators. None where it is none."""
        bare = text.strip()
        for sign, code in _SIGNS.items():
            if bare.startswith(sign):
                bare, currency = bare[len(sign) :], currency or code
        if _NUMBER.fullmatch(bare.strip()) is None:
            return None
        try:
            return cls(Decimal(bare.strip().replace(",", "")), currency)
        except InvalidOperation:
            return None

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} are not added")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        sign = next((sign for sign, code in _SIGNS.items() if code == self.currency), "")
        figure = f"{self.amount:,.2f}"
        return f"{sign}{figure}" if sign else f"{figure} {self.currency}"


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """An alert of a budget, from either schema of an action group. `spent` and `threshold` are of the period from `period` on."""

    budget: str
    scope: str
    kind: str
    threshold: Money
    spent: Money
    amount: Money
    period: str
    forecast: Money | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a resource group has cost this month, in its currency."""

    resource_group: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class CostReport:
    """Costs of a subscription, and up to when they are counted."""

    costs: tuple[Cost, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    """What a cluster's node resource group has cost this month. Names are not unique in a fleet, ids are."""

    cluster: str
    name: str
    resource_group: str
    money: Money

    def plus(self, money: Money) -> "Bill":
        """The same with more on it. Raises ValueError where the currencies differ."""
        return replace(self, money=self.money + money)


@dataclass(frozen=True, slots=True)
class Bills:
    """Every cluster's, counted up to an instant."""

    each: tuple[Bill, ...]
    until: datetime
