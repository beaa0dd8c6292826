"""Marts to a snapshot: the gate, snapshots with manifest and lineage, exports, and the readers of what was published."""
