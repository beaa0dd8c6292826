"""What those who keep it running are given: a night as a page, a run's name, messages, and a server of one's own."""
