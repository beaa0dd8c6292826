"""The process: `python -m flows.intake.apart <format> <megabytes> <seconds>`, a delivery on stdin, JSON on stdout."""

import resource
import sys
from collections.abc import Callable
from typing import Any

from flows.intake.apart.answers import Unreadable, encoded, refusal, too_large

READERS = ("xlsx", "archive", "json", "json-stat", "px")


def main(arguments: list[str]) -> None:
    """Read the delivery on stdin within the limits and answer."""
    kind, megabytes, seconds = arguments
    limited(int(megabytes), int(seconds))
    try:
        answer = reader(kind)(sys.stdin.buffer.read())
        encoded_answer = encoded(answer)
    except Unreadable as unreadable:
        encoded_answer = encoded(refusal(unreadable))
    except MemoryError:
        encoded_answer = encoded(refusal(too_large(f"it takes over {megabytes} MB")))
    except RecursionError:
        encoded_answer = encoded(refusal(Unreadable("damaged_file", "parts within parts without an end")))
    except Exception as error:  # a damaged file may break anything; its words could be the file's own
        encoded_answer = encoded(refusal(Unreadable("damaged_file", type(error).__name__)))
    sys.stdout.buffer.write(encoded_answer)


def limited(megabytes: int, seconds: int) -> None:
    """Put limits on this process: memory, processor time, and no image of it on disk."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def reader(kind: str) -> Callable[[bytes], dict[str, Any]]:
    """The reader of a format; only its modules are imported."""
    match kind:
        case "xlsx":
            from flows.intake.apart import workbook  # noqa: PLC0415 - each format needs its own modules alone

            return workbook.read
        case "archive":
            from flows.intake.apart import package  # noqa: PLC0415

            return package.named
        case "json":
            from flows.intake.apart import records  # noqa: PLC0415

            return records.read
        case "json-stat":
            from flows.intake.apart import jsonstat  # noqa: PLC0415

            return jsonstat.read
        case _:
            from flows.intake.apart import px  # noqa: PLC0415

            return px.read


if __name__ == "__main__":
    main(sys.argv[1:])
