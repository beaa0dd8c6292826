"""What is needed beside the code to keep it: the map of the modules, and the making of a release."""
