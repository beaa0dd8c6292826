"""A delivery too large to be held in memory whole: opened once, read piece by piece, hashed as the pieces come."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import finalize

PIECE = 16 << 20


class LargeFile:
    """The bytes of an opened file; a slice of them is read where it is asked for.

    The file stays open as long as this lives, so that a newer file under its name is never mixed into it.
    """

    def __init__(self, file: Path) -> None:
        """Raises OSError where the file cannot be read."""
        self._descriptor = os.open(file, os.O_RDONLY)
        finalize(self, os.close, self._descriptor)
        self._size = os.fstat(self._descriptor).st_size
        self._sha256 = ""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, end, step = part.indices(self._size)
        if step != 1:
            raise ValueError("a file is read as it lies")
        return self._read(start, end - start)

    def __bytes__(self) -> bytes:
        content = self[:]
        self._sha256 = hashlib.sha256(content).hexdigest()
        return content

    @property
    def sha256(self) -> str:
        """SHA-256, as hex, of the bytes that were last read from beginning to end."""
        if not self._sha256:
            for _ in self.pieces():
                pass
        return self._sha256

    def pieces(self) -> Iterator[bytes]:
        """The file from its beginning, each piece but the last cut behind a line; the next is read meanwhile."""
        hashed, start = hashlib.sha256(), 0

        def read_and_hashed(start: int) -> bytes:
            piece = self._lines(start)
            hashed.update(piece)
            return piece

        with ThreadPoolExecutor(1) as beside:
            coming = beside.submit(read_and_hashed, 0)
            while (piece := coming.result()) and (start := start + len(piece)) < self._size:
                coming = beside.submit(read_and_hashed, start)
                yield piece
        self._sha256 = hashed.hexdigest()
        yield piece

    def _lines(self, start: int) -> bytes:
        """The lines that begin at a byte: as many as a piece holds whole, and at least one."""
        piece = more = self._read(start, PIECE)
        while more and start + len(piece) < self._size:
            if end := piece.rfind(b"\n") + 1:
                return piece[:end]
            more = self._read(start + len(piece), PIECE)
            piece += more
        return piece

    def _read(self, start: int, size: int) -> bytes:
        """Bytes of the file; fewer where it was cut since it was opened, which its hash shows."""
        parts = []
        while size > 0 and (part := os.pread(self._descriptor, size, start)):
            parts.append(part)
            start, size = start + len(part), size - len(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]
