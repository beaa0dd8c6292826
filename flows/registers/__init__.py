"""Person registers to counts of areas: checked and counted where they lie, by partitions; no id goes further."""
