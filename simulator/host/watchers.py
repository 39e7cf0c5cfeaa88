"""Clients that wait for an instance to change."""

from collections.abc import Callable


class Watchers:
    """The callbacks registered for each instance."""

    def __init__(self) -> None:
        self._by_instance: dict[str, list[Callable[[], None]]] = {}

    def add(self, instance_id: str, notify: Callable[[], None]) -> Callable[[], None]:
        """Call `notify` after each of an instance's turns and when the instance is purged. Return a function that removes the callback."""
        watching = self._by_instance.setdefault(instance_id, [])
        watching.append(notify)

        def stop() -> None:
            watching.remove(notify)
            if not watching:
                self._by_instance.pop(instance_id, None)

        return stop

    def count(self, instance_id: str) -> int:
        """The number of callbacks registered for an instance."""
        return len(self._by_instance.get(instance_id, ()))

    def notify_all(self, instance_id: str) -> None:
        """Notify the watchers that an instance has changed."""
        for notify in list(self._by_instance.get(instance_id, ())):
            notify()
