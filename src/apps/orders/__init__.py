"""The orders service's HTTP side."""
