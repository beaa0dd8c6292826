"""The baseline over nations whose areas are counted from registers of persons with lives: is what was planted found?

Usage: python -m simulations.lives [nations] [first seed] [areas]. Counts are then of people who stay, move and grow
older, so that a year is like the one before; the bounds are those of `python -m simulations`.
"""

import sys

import numpy as np

from simulations import evaluation

if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(evaluation.main(*(given + [10, 30_000, 200][len(given) :]), with_register=True))
