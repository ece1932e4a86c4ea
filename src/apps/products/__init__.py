"""The products service over HTTP: the catalogue, its stock, and reservations by call."""
