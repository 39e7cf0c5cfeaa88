"""The demonstration: Daytwo operates a simulated fleet for one week, and a page shows it."""
