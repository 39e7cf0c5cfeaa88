"""Requests for approval: created, shown in chats, voted on, and checked before anything is executed."""
