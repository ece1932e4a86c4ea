"""The HTTP edge that all apps share: who calls, what they send, what they are answered."""
