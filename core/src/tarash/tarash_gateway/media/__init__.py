"""Media: what bytes are, whether they are whole, and where reference images may be fetched from."""
