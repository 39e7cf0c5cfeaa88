"""Requests for approval: how they are created, shown in chats, voted on, and checked before anything is executed."""
