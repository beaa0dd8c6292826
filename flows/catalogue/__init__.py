"""The catalogue of a snapshot: a site for people of the house, and the same in the forms that other programs read."""
