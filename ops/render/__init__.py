"""Pure rendering: turns runs, rollouts, requests and the fleet into messages and pages. Each chat formats the messages in its own way."""
