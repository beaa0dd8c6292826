"""A made-up nation in the real layouts, with the truth beside it: for trials, simulation and teaching."""
