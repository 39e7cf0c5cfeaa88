"""Messages are state: what the chats show is kept in the store and brought up to date."""
