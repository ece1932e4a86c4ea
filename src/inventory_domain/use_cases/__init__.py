"""The stories: each reads through a port, decides in pure code, and writes through a port."""
