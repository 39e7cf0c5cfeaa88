"""Pure: runs, rollouts, requests and the fleet become messages and pages. How a chat shows a message, the chat knows."""
