"""Listings that trade on the names of brands."""
