"""Statistics that SQL cannot say: balance, weights, twins, trends, power."""
