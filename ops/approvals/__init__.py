"""Approval requests: made, shown, voted on, and checked before anything is done."""
