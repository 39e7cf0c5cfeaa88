"""Who wants to know when an instance changes: clients that wait for it."""

from collections.abc import Callable


class Watchers:
    """Callbacks by instance."""

    def __init__(self) -> None:
        self._by_instance: dict[str, list[Callable[[], None]]] = {}

    def add(self, instance_id: str, notify: Callable[[], None]) -> Callable[[], None]:
        """Call `notify` after each turn of an instance and when it is forgotten; returns how to stop that."""
        watching = self._by_instance.setdefault(instance_id, [])
        watching.append(notify)

        def stop() -> None:
            watching.remove(notify)
            if not watching:
                self._by_instance.pop(instance_id, None)

        return stop

    def count(self, instance_id: str) -> int:
        """How many watch an instance."""
        return len(self._by_instance.get(instance_id, ()))

    def tell(self, instance_id: str) -> None:
        """An instance has changed."""
        for notify in list(self._by_instance.get(instance_id, ())):
            notify()
