"""The figures of each room, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.mutants.equivalents import Equivalent
from tools.mutants.mutation import Mutant
from tools.mutants.rooms import MAX_EQUIVALENT_SHARE, Room
from tools.mutants.verdict import Outcome, Verdict


@dataclass(frozen=True)
class RoomResult:
    """What became of the mutants of a room. Survivors do not contain the listed equivalents."""

    room: Room
    mutants: int
    killed: int
    survivors: Sequence[Mutant]
    equivalents: int
    problems: Sequence[str] = field(default=())

    @property
    def percent(self) -> float:
        """How many of the mutants that change something are noticed."""
        judged = self.mutants - self.equivalents
        return 100 * self.killed / judged if judged else 100.0

    @classmethod
    def of(
        cls, room: Room, mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], listed: Sequence[Equivalent]
    ) -> "RoomResult":
        """Counts the mutants of a room."""
        keys = {each.key for each in listed}
        equal = [each for each in mutants if each.key in keys]
        others = [each for each in mutants if each.key not in keys]
        killed = sum(each.key in verdicts and verdicts[each.key].outcome.is_noticed for each in others)
        survivors = [each for each in others if each.key in verdicts and verdicts[each.key].outcome is Outcome.SURVIVED]
        result = cls(room, len(mutants), killed, survivors, len(equal))
        return cls(
            room, len(mutants), killed, survivors, len(equal), tuple(_problems(result, mutants, equal, verdicts))
        )


def problems_of_list(listed: Sequence[Equivalent], mutants: Sequence[Mutant]) -> list[str]:
    """Returns a line for each listed equivalent that does not exist, or that is listed twice."""
    known = {each.key for each in mutants}
    keys = [each.key for each in listed]
    missing = [f"listed as equivalent, but not a mutant any longer: {key}" for key in keys if key not in known]
    twice = [f"listed as equivalent twice: {key}" for key in sorted({key for key in keys if keys.count(key) > 1})]
    return missing + twice


def show(results: Sequence[RoomResult], *, survivors: bool) -> None:
    """Prints the table, and the survivors if asked."""
    if survivors:
        for result in results:
            for mutant in result.survivors:
                print(f"{mutant.path}:{mutant.lines.start} {mutant.scope}\n{mutant.change}\n")
    print(f"{'room':<12}{'mutants':>8}{'killed':>8}{'survived':>9}{'equivalent':>11}{'percent':>9}  wanted")
    for each in results:
        word = "at least" if each.room.is_limit else "goal"
        print(
            f"{each.room.name:<12}{each.mutants:>8}{each.killed:>8}{len(each.survivors):>9}"
            f"{each.equivalents:>11}{each.percent:>9.1f}  {word} {each.room.percent}"
        )


def _problems(
    result: RoomResult, mutants: Sequence[Mutant], equal: Sequence[Mutant], verdicts: Mapping[str, Verdict]
) -> list[str]:
    name = result.room.name
    found = []
    if result.room.is_limit and result.percent < result.room.percent:
        found.append(f"{name}: {result.percent:.1f} % of the mutants are killed, but {result.room.percent} % must be")
    if result.equivalents > MAX_EQUIVALENT_SHARE * result.mutants:
        found.append(f"{name}: {result.equivalents} equivalents are more than 5 % of {result.mutants} mutants")
    for each in mutants:
        verdict = verdicts.get(each.key)
        if verdict is None:
            found.append(f"{name}: not run: {each.key}")
        elif verdict.outcome is Outcome.ERROR:
            found.append(f"{name}: the tool failed: {verdict.by}: {each.key}")
    for each in equal:
        verdict = verdicts.get(each.key)
        if verdict is not None and verdict.outcome.is_noticed:
            found.append(f"{name}: listed as equivalent, but {verdict.by or verdict.outcome} notices it: {each.key}")
    return found
