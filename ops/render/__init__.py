"""Pure rendering: runs, rollouts, requests and the fleet as messages and pages. Each chat renders a message in its own format."""
