"""Which orders to inspect, so that defects are found and the market is known."""
