"""Event logs: read, checked, typed and stored; and the locked session that queries the store."""
