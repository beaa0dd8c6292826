"""The files below the folder of deliveries, linked ones too: each folder once; what cannot be followed is named."""

import errno
import os
import stat
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

WHY_NOT = {
    errno.ENOENT: "leads nowhere; mount or put back what it points to, or remove it",
    errno.ELOOP: "leads in a circle; remove it",
    errno.EACCES: "leads out of reach: permission denied",
    errno.EPERM: "leads out of reach: permission denied",
}


@dataclass
class Walk:
    """What lies below `root`: its files, sorted, and a sentence for each link or folder that was not followed.

    `shown` gives the words in which a path below `root` may be repeated.
    """

    root: Path
    shown: Callable[[Path], str]
    files: list[Path] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._folders, self._links = deque([self.root]), deque[Path]()
        self._seen: dict[tuple[int, int], Path] = {}
        # Folders that lie here go before those that are linked, so that no link takes the place of what it points to.
        while self._folders or self._links:
            if self._folders:
                self._enter(self._folders.popleft())
            else:
                self._follow(self._links.popleft())
        self.files.sort()
        self.passed_over.sort()

    def _enter(self, folder: Path) -> None:
        try:
            status = folder.stat()
            if (earlier := self._seen.get((status.st_dev, status.st_ino))) is not None:
                self._pass_over(folder, f"is the folder {self._named(earlier)} again; it is read once, there")
                return
            self._seen[status.st_dev, status.st_ino] = folder
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            self._pass_over(folder, f"cannot be read ({error.strerror})")
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = folder / entry.name
            if entry.is_symlink():
                self._links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                self._folders.append(path)
            elif entry.is_file(follow_symlinks=False):
                self.files.append(path)
            else:
                self._pass_over(path, "is neither a file nor a folder")

    def _follow(self, link: Path) -> None:
        try:
            status = link.stat()
        except OSError as error:
            reason = WHY_NOT.get(error.errno or 0, f"cannot be followed ({error.strerror})")
            self._pass_over(link, f"is a link that {reason}")
            return
        if stat.S_ISREG(status.st_mode):
            self.files.append(link)
        elif not stat.S_ISDIR(status.st_mode):
            self._pass_over(link, "is a link to what is neither a file nor a folder")
        elif self.root.resolve().is_relative_to(link.resolve()):
            self._pass_over(link, "is a link back to the folder of deliveries, or above it")
        else:
            self._folders.append(link)

    def _pass_over(self, path: Path, reason: str) -> None:
        self.passed_over.append(f"{self._named(path)} {reason}")

    def _named(self, path: Path) -> str:
        return self.shown(path.relative_to(self.root))
