"""The design card: on one sheet per outcome, whether the groups can be compared, as HTML and PDF."""
