"""The facts of every runbook can be stored: a decision is made only from facts that are on record."""

import json
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.model.calendar import Window
from ops.runbooks import runbooks
from ops.runbooks.contract import Runbook
from ops.serialization import from_json, to_json

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(
    Window,
    st.builds(
        Window,
        st.text(max_size=5),
        st.frozensets(st.integers(0, 6), min_size=1),
        st.just(time(8)),
        st.just(time(19)),
        st.just("UTC"),
    ),
)


@pytest.mark.parametrize("runbook", list(runbooks().values()), ids=lambda each: each.name)
@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_facts_of_a_runbook_can_be_stored(runbook: Runbook, data: st.DataObject) -> None:
    facts: Any = data.draw(st.from_type(runbook.facts))
    assert json.loads(json.dumps(to_json(facts), sort_keys=True)) is not None


@pytest.mark.parametrize(
    "value",
    [
        Window("nights", frozenset({4, 0, 2}), time(22), time(5, 30), "Europe/Amsterdam"),
    ],
)
def test_a_value_is_the_same_after_it_was_stored(value: Window) -> None:
    assert from_json(json.loads(json.dumps(to_json(value))), type(value)) == value


def test_a_set_is_stored_in_order() -> None:
    """The facts are hashed, so equal facts must give equal text."""
    window = Window("w", frozenset({6, 3, 0}), time(1), time(2), "UTC")
    assert to_json(window)["days"] == [0, 3, 6]  # type: ignore[index,call-overload]  # a JSON object
