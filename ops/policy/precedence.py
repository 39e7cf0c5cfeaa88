"""Which of several runs goes first on a cluster: the one with the lowest rank. Others yield to it between their steps.

| Rank | Runs |
|---|---|
| 0 | `spot` |
| 10 | all other runs that were not started by a timer (`PERSON_RANK`) |
| 20 | `budget` |
| 30 | `power` |
| 40 | `node-image` |
| 50 | `reboot` |
| 70 | `tags` |

Runs of `spot` and `budget` take no lease, so they neither wait nor make other runs yield.
Each runbook declares its own rank, which applies to runs that a timer has started. Runs from the sources `event` and
`action-group` count like those that a person starts; only the rank of `spot` is lower.
"""

PERSON_RANK = 10


def rank(own: int, source: str) -> int:
    """Returns the rank of a run. `own` is its runbook's rank, `source` says what has started the run."""
    return own if source == "timer" else min(own, PERSON_RANK)
