"""Marts to a snapshot: the gate, manifest and lineage, exports, and the readers of what was published."""
