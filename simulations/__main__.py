"""Draw nations by seed, deliver them, build their marts, and hold what the marts say against what was planted.

Usage: python -m simulations [nations] [first seed] [areas]. The seeds follow each other and are never chosen by result.
The baseline of the evaluation is drawn `nations` times and a tenth as often with diverging trends; targets of plans,
of which a nation has hundreds, a tenth as often, by later seeds. Estimates on panels that are drawn alone come
`nations` times per design, nations chosen in bad years a tenth as often.
"""

import sys

import numpy as np

from simulations import comparisons, estimates, evaluation, rebounds, targets


def main(nations: int = 200, first_seed: int = 20_000, areas: int = 1000) -> int:
    """Print what was found beside its bounds; returns how many of them were missed."""
    missed = evaluation.main(nations, first_seed, areas)
    print()
    missed += targets.main(max(1, nations // 10), first_seed + 2 * nations, areas)
    print()
    missed += estimates.main(nations) + comparisons.main(nations)
    return missed + rebounds.main(max(1, nations // 10), 300)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
