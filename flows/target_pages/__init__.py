"""Plans' targets beside the figures: pages for steering groups, the check of a target, the yearly form."""
