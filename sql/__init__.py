"""The SQL of the marts, the views they share, and the checks; found through importlib.resources."""
