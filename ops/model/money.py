"""Money: a decimal amount and its currency. Never a float, never added across currencies."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise ValueError(f"amounts in {self.currency} and {other.currency} cannot be added")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        sign = next((sign for sign, code in _SIGNS.items() if code == self.currency), "")
        figure = f"{self.amount:,.2f}"
        if not sign:
            return f"{figure} {self.currency}"
        return f"-{sign}{figure[1:]}" if figure.startswith("-") else f"{sign}{figure}"


@dataclass(frozen=True, slots=True)
class AsWritten:
    """An amount that cannot be read with certainty, as its sender wrote it; empty if it is missing."""

    text: str

    def __str__(self) -> str:
        return f"{self.text!r}" if self.text else "an amount that is not given"


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """A budget alert from an action group, in either schema. `spent` and `threshold` refer to the period that starts at `period`.

    `scope` is the subscription or resource group that the budget belongs to; names are unique only within one scope.
    """

    budget: str
    scope: str
    kind: str
    threshold: Money | AsWritten
    spent: Money | AsWritten
    amount: Money | AsWritten
    period: str
    forecast: Money | AsWritten | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """A resource group's costs this month, in one currency."""

    resource_group: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class CostReport:
    """A subscription's costs, and the time up to which they are counted. `unreadable` is the number of rows that cannot be read."""

    costs: tuple[Cost, ...]
    until: datetime
    unreadable: int = 0


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
    """The bills of the clusters, the time up to which costs are counted, and what is missing from them, as sentences."""

    each: tuple[Bill, ...]
    until: datetime
    missing: tuple[str, ...] = ()
