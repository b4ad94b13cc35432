"""Accounts that are probably a removed one again, by Fellegi and Sunter's model of linkage."""
