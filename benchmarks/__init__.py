"""Two ways to do the same work, measured in turn in one run and told as a ratio: `make bench`."""
