"""Workbooks, JSON and PX read in a process of its own with limits that starts at once: standard library alone."""
