"""Deliveries that lie in a bucket, brought to a folder of this machine: the same paths, and gone there is gone here."""

import json
import os
from pathlib import Path

from flows.core.buckets import Address, Bucket, BucketError, Stored
from flows.core.files import write


def bring(address: Address, raw: Path) -> None:
    """Make `raw` hold what lies at an address. What is there unchanged is not brought again.

    The list of the bucket is whole or there is none, and then nothing is taken for gone. Raises BucketError.
    """
    bucket = Bucket(address)
    stored = [each for each in bucket.stored() if each.size or not each.key.endswith("/")]
    if strange := sum(not each.is_file for each in stored):
        raise BucketError(f"{address}: {strange} keys are no paths of files (an empty part, or one that leads upwards)")
    index = raw.with_name(f"{raw.name}.json")
    known, raw_files = _known(index), {file for file in raw.rglob("*") if file.is_file()}
    raw.mkdir(parents=True, exist_ok=True)
    for gone in raw_files - {raw / each.key for each in stored}:
        gone.unlink(missing_ok=True)
    try:
        for each in stored:
            if not _is_there(each, raw / each.key, known):
                bucket.bring(each, raw / each.key)
                moment = each.written_at.timestamp()
                os.utime(raw / each.key, (moment, moment))
                known[each.key] = each.tag
    finally:
        there = {each.key for each in stored}
        write(index, json.dumps({key: tag for key, tag in known.items() if key in there}, ensure_ascii=False).encode())


def _is_there(stored: Stored, file: Path, known: dict[str, str]) -> bool:
    return known.get(stored.key) == stored.tag and file.is_file() and file.stat().st_size == stored.size


def _known(index: Path) -> dict[str, str]:
    """The tag by which each file was brought; nothing where nobody knows."""
    try:
        found = json.loads(index.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
