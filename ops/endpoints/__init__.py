"""Every entry point: HTTP, pages, timers, events. They verify requests, record them and start work, but never wait for it."""
