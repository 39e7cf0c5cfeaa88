"""Money: a decimal amount and its currency. Never a float, never added across currencies."""

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
        """Parses an amount as Azure writes it, with or without a currency sign and thousands separators; returns None for other text."""
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
            raise ValueError(f"amounts in {self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        sign = next((sign for sign, code in _SIGNS.items() if code == self.currency), "")
        figure = f"{self.amount:,.2f}"
        return f"{sign}{figure}" if sign else f"{figure} {self.currency}"


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """A budget alert from an action group, in either schema. `spent` and `threshold` refer to the period that starts at `period`."""

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
    """A resource group's costs this month, in one currency."""

    resource_group: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class CostReport:
    """A subscription's costs, and the time up to which they are counted."""

    costs: tuple[Cost, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    """The costs of a cluster's node resource group this month. In a fleet, cluster names are not unique, but ids are."""

    cluster: str
    name: str
    resource_group: str
    money: Money

    def plus(self, money: Money) -> "Bill":
        """Returns the bill with another amount added.

        Raises:
            ValueError: the currencies differ.
        """
        return replace(self, money=self.money + money)


@dataclass(frozen=True, slots=True)
class Bills:
    """The bills of all clusters, and the time up to which costs are counted."""

    each: tuple[Bill, ...]
    until: datetime
