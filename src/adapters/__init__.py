"""The outside things behind the domain's ports: one package each, the only place that knows it."""
