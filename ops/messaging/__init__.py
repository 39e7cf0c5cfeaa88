"""Messages are state: the store holds what the chats should show, and the chats are updated to match it."""
