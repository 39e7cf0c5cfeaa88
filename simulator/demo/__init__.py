"""The demonstration: a simulated fleet, the real bot, one week, and a page that shows it."""
