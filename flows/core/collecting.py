"""How often Python looks for circles of dead objects."""

import gc

# Objects made and not yet dropped before it looks, and how many such looks before it looks further back.
NEW, YOUNG, OLD = 200_000, 20, 100


def seldom() -> None:
    """Look seldom: libraries and the registry are hundreds of thousands of objects that none of the looks would free.

    Arrays, frames and tables are freed at once when nobody holds them; no look is needed for these.
    """
    gc.set_threshold(NEW, YOUNG, OLD)
