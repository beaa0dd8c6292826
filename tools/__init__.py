"""What is needed beside the code to keep it: the map of the modules, the way of a figure, the making of a release."""
