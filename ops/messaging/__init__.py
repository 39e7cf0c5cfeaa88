"""Messages are state: the store holds the content that the chats should show, and the chats are updated to match it."""
