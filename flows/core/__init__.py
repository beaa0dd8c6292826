"""The ground that no hop owns: files, locks, provenance, what there is to do, what a run did."""
