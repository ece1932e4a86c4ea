"""The monitor: what the system is doing, for admins, read-only but for redrive and the demo."""
