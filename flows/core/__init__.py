"""The ground that no hop owns: files, locks, provenance, what a run did."""
