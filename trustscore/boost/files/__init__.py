"""Lists to rank and boost logs, read and written as files."""
