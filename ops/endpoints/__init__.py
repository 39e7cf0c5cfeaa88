"""Every entry point: HTTP, pages, timers, events. They verify, record and start work; none waits for it."""
