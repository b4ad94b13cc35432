"""Claims of hosts, shops and titles, by the words of a lexicon."""
