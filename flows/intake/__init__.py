"""Deliveries to facts: find, fingerprint, read as text, cast by contract, resolve names, validate, quarantine."""
