"""The baseline of the evaluation: on whom, on what and in which windows the statistics are computed."""
