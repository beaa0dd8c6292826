"""Hop 3: the gate, snapshots, manifest, lineage, catalogue and readers of old vintages."""
