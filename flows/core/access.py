"""Who may read what is written: small counts are for those of the house, what is not cleared for its owner alone."""

import os
from pathlib import Path

# Folders 0750, files 0640: the group of the folder may read, others may not even look.
HOUSE = 0o027
PRIVATE = 0o700


def keep_in_the_house() -> None:
    """Let no file or folder that this process makes from now on be read by others, whatever the umask it came with."""
    os.umask(os.umask(HOUSE) | HOUSE)


def keep_private(folder: Path) -> None:
    """Make a folder that its owner alone may enter; one that others could enter is closed to them."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_mode & 0o777 != PRIVATE and found.st_uid == os.geteuid():
        folder.chmod(PRIVATE)
