"""Disclosure control: which figures may leave the house, an attack on what would leave it, and a ledger of what has."""
