"""Run the SQL of sql/ in DuckDB over the facts in force, and write every mart as parquet with its metadata.

A build keeps little in memory: facts and marts are read from their files, a table of a step is dropped when its last
reader has been made, and what a query needs beyond a limit lies on the disk. A mart that is made of the same as in an
earlier build, or that has the same bytes, is taken over from it.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from flows.core.files import link
from flows.core.memory import most_megabytes, query_megabytes, query_threads
from flows.core.parquet import write_batches
from flows.core.provenance import file_sha256
from flows.intake.reconcile import Facts
from flows.marts import codes, queries, unchanged
from flows.marts.baseline.steps import STATISTICS, Statistic
from flows.marts.baseline.twins import OtherPool
from flows.marts.queries import Query, Step
from flows.marts.unchanged import Earlier, StepRecord
from schemas.registry import Registry

# Rows that a query hands over at a time: their offsets and codes just fit into buffers, which double as they grow.
BATCH = 120 * 1024
# So many rows are held for whoever may read them yet.
SMALL = 10_000
SPILL = ".spill"
log = logging.getLogger("boligprofil")


class BuildError(RuntimeError):
    """A mart that could not be built: the message names the SQL file and what DuckDB or the contract says."""


class TooLittleMemory(BuildError):
    """A query that cannot be run in the memory that queries may hold."""


class Allowance:
    """What the queries of a connection may hold in memory: what is declared, and more where a query needs it.

    A large sort or window cannot always be laid on the disk in pieces. Such a query is run by one thread, which takes
    less; where that is too little as well, queries may hold half as much again, up to `most`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, megabytes: int, most: int) -> None:
        self.connection, self.megabytes, self.most = connection, megabytes, max(megabytes, most)
        self._allow(query_threads(megabytes))

    def within(self, make: Callable[[], None], name: str) -> None:
        """Make a table within it. Raises TooLittleMemory where `most` is too little."""
        threads = query_threads(self.megabytes)
        while True:
            try:
                make()
            except TooLittleMemory:
                if threads == 1 and self.megabytes == self.most:
                    raise
                if threads == 1:
                    self.megabytes = min(self.most, self.megabytes * 3 // 2)
                threads = 1
                log.info("%s needs more memory: made by one thread in %d MB", name, self.megabytes)
                self._allow(threads)
            else:
                self._allow(query_threads(self.megabytes))
                return

    def _allow(self, threads: int) -> None:
        self.connection.execute("set memory_limit = ?", [f"{self.megabytes}MB"])
        self.connection.execute("set threads = ?", [threads])


@dataclass(frozen=True)
class BuiltMarts:
    """What a build gave: the file of each mart, what each step was made of and gave, and which steps ran.

    `taken_over` are the marts whose file is the one of the earlier build: not made again, or made with the same bytes.
    """

    files: dict[str, Path]
    records: dict[str, StepRecord]
    made: tuple[str, ...]
    taken_over: frozenset[str]


def build(facts: Facts, folder: Path, registry: Registry, before: Path | None = None) -> dict[str, Path]:
    """Build every mart of the registry into `folder`; returns the file of each.

    `before` is the file of the figures of the snapshot before. Raises BuildError naming the SQL file, and QueryError
    where sql/ and the registry do not fit together.
    """
    return build_changed(facts, folder, registry, before, Earlier()).files


def build_changed(facts: Facts, folder: Path, registry: Registry, before: Path | None, earlier: Earlier) -> BuiltMarts:
    """Build into `folder` what is made of something else than in the earlier build, and take over the other marts.

    Raises as `build` does.
    """
    if difference := set(queries.marts()) ^ set(registry.marts):
        raise queries.QueryError(
            f"sql/marts and tables.toml do not name the same marts: {', '.join(sorted(difference))}"
        )
    return build_steps(every_step(), facts, folder, registry, before, earlier)


def build_steps(
    steps: Mapping[str, Step], facts: Facts, folder: Path, registry: Registry, before: Path | None, earlier: Earlier
) -> BuiltMarts:
    """Build the marts among `steps`, which may be fewer than those of the registry, as `build_changed` does."""
    folder.mkdir(parents=True, exist_ok=True)
    night = registry.night
    with limited(folder / SPILL, query_megabytes(night)) as connection:
        inputs = load(connection, facts, registry, before, as_views=True)
        order = queries.order(steps, inputs)
        allowance = Allowance(connection, query_megabytes(night), most_megabytes(night))
        work = _Build(allowance, steps, facts, registry, folder, earlier, before)
        for name in order:
            work.settle(name)
    marts = [name for name in order if name in registry.marts]
    return BuiltMarts(
        {name: work.file(name) for name in sorted(marts)}, work.records, tuple(work.made), frozenset(work.taken_over)
    )


def would_make(
    facts: Facts, registry: Registry, records: Mapping[str, StepRecord], moved: frozenset[str]
) -> tuple[str, ...]:
    """The steps that a build over these facts would make at most, in their order; nothing is made.

    `records` are the steps of the build that the facts come from, `moved` the tables that will not be what they were.
    A step whose input moves may well give what it gave: then fewer are made.
    """
    steps = every_step()
    gave = unchanged.inputs(facts, facts.tables["figures"], registry)
    common, notes = unchanged.common(gave, facts, registry), _Notes(facts, registry, steps)
    moving, made = set(moved), list[str]()
    for name in queries.order(steps, gave):
        step, was = steps[name], records.get(name)
        is_moved = was is None or bool(step.reads & moving)
        # Which exceptions matched is known once the deliveries are read: what else it is made of stands.
        if not is_moved and was and unchanged.MATCHED not in step.reads:
            is_moved = was.key != unchanged.key(step, gave, common, notes.of(name), registry)
        if is_moved or was is None:
            moving.add(name)
            made.append(name)
        else:
            gave[name] = was.gave
    return tuple(made)


def every_step() -> dict[str, Step]:
    """What the build is made of: the queries of sql/, and the statistics that SQL cannot say."""
    return {**queries.views(), **STATISTICS, **queries.marts()}


class _Build:
    """The tables of one build: which are at hand, which were made, and which stand as they were."""

    def __init__(
        self,
        allowance: Allowance,
        steps: Mapping[str, Step],
        facts: Facts,
        registry: Registry,
        folder: Path,
        earlier: Earlier,
        before: Path | None,
    ) -> None:
        self.allowance, self.connection = allowance, allowance.connection
        self.steps, self.registry, self.folder = steps, registry, folder
        self.earlier, self.notes = earlier, _Notes(facts, registry, steps)
        given = unchanged.inputs(facts, before, registry)
        self.gave = dict(given)
        self.common = unchanged.common(given, facts, registry)
        self.at_hand = set(given)
        self.records: dict[str, StepRecord] = {}
        self.made: list[str] = []
        self.taken_over: set[str] = set()
        self.unread = {name: {reader for reader, step in steps.items() if name in step.reads} for name in steps}
        self.small: set[str] = set()

    def settle(self, name: str) -> None:
        """Make the table of a step, or leave it where it stands; then drop what nothing reads any more."""
        step, was = self.steps[name], self.earlier.records.get(name)
        key = unchanged.key(step, self.gave, self.common, self.notes.of(name), self.registry)
        is_same = was is not None and was.key == key
        if was is None or not is_same or (name in self.registry.marts and not self._take_over(name, was.gave)):
            was = StepRecord(key, self._make(name))
        self.records[name] = was
        self.gave[name] = was.gave
        for read in step.reads & self.steps.keys():
            self.unread[read].discard(name)
        self._drop_unread()

    def file(self, mart: str) -> Path:
        """Where the file of a mart lies."""
        return self.folder / f"{mart}.parquet"

    def _make(self, name: str) -> str:
        """Make a table, with those that it reads and that stand but are not at hand; the hash of what it is."""
        step = self.steps[name]
        for read in sorted(step.reads):
            if read in self.at_hand:  # perhaps by now: another that it reads may read it too
                continue
            if read in self.registry.marts:
                _view(self.connection, read, self.file(read))
                self.at_hand.add(read)
            else:
                self._make(read)
        self.made.append(name)
        if name not in self.registry.marts:
            self.allowance.within(lambda: create(self.connection, step, self.registry), name)
            self.at_hand.add(name)
            return unchanged.table_hash(self.connection, name)
        notes = self.notes.of(name)
        self.allowance.within(lambda: _write(self.connection, step, self.file(name), self.registry, notes), name)
        gave, was = file_sha256(self.file(name)), self.earlier.records.get(name)
        if was is not None and was.gave == gave:
            self._take_over(name, gave)
        return gave

    def _take_over(self, mart: str, gave: str) -> bool:
        """Whether the earlier file of a mart is there and what it was; then it is that of this build too."""
        earlier = self.earlier.files.get(mart)
        if earlier is None or not earlier.is_file() or file_sha256(earlier) != gave:
            return False
        link(earlier, self.file(mart))
        self.taken_over.add(mart)
        return True

    def _drop_unread(self) -> None:
        """Drop the large tables that no step will read any more; small ones take more to make again than to hold."""
        marts = self.registry.marts.keys()
        for name in sorted(name for name, readers in self.unread.items() if not readers):
            if name in self.at_hand and name not in marts and name not in self.small:
                ((rows,),) = self.connection.table(name).count("*").fetchall()
                if rows > SMALL:
                    self.connection.execute(f"drop table {name}")
                    self.at_hand.discard(name)
                else:
                    self.small.add(name)


def run(
    connection: duckdb.DuckDBPyConnection,
    steps: Mapping[str, Step],
    facts: Facts,
    registry: Registry,
    before: Path | None = None,
) -> None:
    """Make the table of every step from the facts in force, in the order that the steps give, and keep them all."""
    inputs = load(connection, facts, registry, before)
    for name in queries.order(steps, inputs):
        create(connection, steps[name], registry)


def create(connection: duckdb.DuckDBPyConnection, step: Step, registry: Registry) -> None:
    """Make the table of a step from those that it reads."""
    if isinstance(step, Statistic):
        # A statistic is handed the tables that it reads; what it gives is kept in the schema `statistics`.
        given = {read: connection.sql(f"from {read}").pl() for read in sorted(step.reads)}
        try:
            connection.from_arrow(step.make(given, registry).to_arrow()).create(step.name)
        except OtherPool as error:
            raise BuildError(str(error)) from error
    elif isinstance(step, Query):
        try:
            connection.execute(f"create table {step.name} as\n{step.sql}")
        except duckdb.Error as error:
            raise _failed(step, registry, error) from error


def _failed(step: Step, registry: Registry, error: Exception) -> BuildError:
    """What the engine says of a query, and what to do where memory was too little."""
    words = f"{_place(step, registry)}: {error}"
    if isinstance(error, duckdb.OutOfMemoryException) or str(error).startswith("Out of Memory"):
        more = "Allow more in schemas/sources.toml, [night], memory_megabytes and memory_share"
        return TooLittleMemory(f"{words}\n{more}")
    return BuildError(words)


def _place(step: Step, registry: Registry) -> str:
    return f"sql/{'marts' if step.name in registry.marts else 'views'}/{step.name}.sql"


def over_snapshot(
    wanted: str, marts: Mapping[str, Path], facts: Mapping[str, pl.DataFrame], registry: Registry, origin: str
) -> pl.DataFrame:
    """A table of sql/ made of published marts and of `facts` that no snapshot holds yet, by fact table.

    Raises QueryError where it reads a fact table that is not given.
    """
    steps = {name: step for name, step in every_step().items() if name == wanted or name not in marts}
    needed = queries.behind([wanted], steps)
    with connect() as connection:
        inputs = load_codes(connection, registry)
        connection.execute("set variable origin = ?", [origin])
        for name in sorted(needed & marts.keys() - {wanted}):
            connection.read_parquet(str(marts[name])).create(name)
            inputs.append(name)
        for name, rows in facts.items():
            connection.from_arrow(rows.to_arrow()).create(f"facts.{name}")
            inputs.append(f"facts.{name}")
        made = {name: steps[name] for name in needed if name in steps}
        for name in queries.order(made, inputs):
            step = made[name]
            if isinstance(step, Query):
                connection.execute(f"create table {name} as\n{step.sql}")
        rows_of_it: pl.DataFrame = connection.table(wanted).pl()
        return rows_of_it


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with the project's functions; it reaches for no extension and no network."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.execute("set preserve_insertion_order = true")
    connection.execute("create schema facts")
    connection.execute("create schema codes")
    connection.execute("create schema statistics")
    connection.execute(queries.functions())
    return connection


@contextmanager
def limited(spill: Path, megabytes: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Such a DuckDB that holds so much in memory; what it needs beyond lies in the folder `spill` while it is open."""
    try:
        with connect() as connection:
            connection.execute("set memory_limit = ?", [f"{megabytes}MB"])
            connection.execute("set threads = ?", [query_threads(megabytes)])
            connection.execute("set temp_directory = ?", [str(spill)])
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def load(
    connection: duckdb.DuckDBPyConnection,
    facts: Facts,
    registry: Registry,
    before: Path | None = None,
    as_views: bool = False,
) -> list[str]:
    """Make the tables that no step makes, and the variables; returns the tables' names.

    `facts.figures_before` are the figures of the snapshot before. `as_views`: facts are read from their files whenever
    a step reads them.
    """
    make = _view if as_views else _table
    for name, file in facts.tables.items():
        make(connection, f"facts.{name}", file)
    if before:
        make(connection, "facts.figures_before", before)
    else:
        connection.execute("create table facts.figures_before as from facts.figures limit 0")
    names = load_codes(connection, registry)
    connection.execute("create table codes.matched (id varchar, matched_rows bigint)")
    for matched in {**facts.accepted, **facts.corrected}.items():
        connection.execute("insert into codes.matched values (?, ?)", matched)
    for name, value in codes.variables(facts.origin, registry).items():
        connection.execute(f"set variable {name} = ?", [value])
    return [*(f"facts.{name}" for name in (*facts.tables, "figures_before")), *names, "codes.matched"]


def _table(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    connection.read_parquet(str(file)).create(name)


def _view(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    """A file as a table that is read whenever it is asked. (A relation makes views in no schema but its own.)"""
    path = str(file).replace("'", "''")
    connection.execute(f"create view {name} as from read_parquet('{path}')")


def load_codes(connection: duckdb.DuckDBPyConnection, registry: Registry) -> list[str]:
    """Load the registry as tables of the schema `codes`, and the functions over them; returns the tables' names."""
    names = []
    for name, frame in codes.frames(registry).items():
        connection.from_arrow(frame.to_arrow()).create(f"codes.{name}")
        names.append(f"codes.{name}")
    connection.execute(queries.functions("code_functions"))
    listed = ", ".join(f"'{name}'" for name, indicator in registry.indicators.items() if indicator.of_areas)
    connection.execute(f"create type indicator_id as enum ({listed})")
    return names


def _write(
    connection: duckdb.DuckDBPyConnection, step: Step, file: Path, registry: Registry, notes: Mapping[str, str]
) -> None:
    """Write the rows of a mart as its query hands them over."""
    assert isinstance(step, Query)
    table = registry.marts[step.name]
    place = _place(step, registry)
    try:
        rows = connection.sql(step.sql)
        if difference := set(rows.columns) ^ {column.name for column in table.columns}:
            raise BuildError(f"{place} and tables.toml differ in the columns {', '.join(sorted(difference))}")
        write_batches(file, rows.to_arrow_reader(BATCH), table, file.parent / SPILL / step.name, notes)
    except (ValueError, OSError, duckdb.Error) as error:
        # What a query stumbles on while its rows are handed over comes as an OSError.
        raise _failed(step, registry, error) from error


class _Notes:
    """What every file says of itself: origin, sources, and what its figures cannot be used for."""

    def __init__(self, facts: Facts, registry: Registry, steps: Mapping[str, Step]) -> None:
        self.facts, self.registry, self.steps = facts, registry, steps
        self.sources = {
            name: pl.read_parquet(file, columns=["source"], glob=False)["source"].unique().to_list()
            for name, file in facts.tables.items()
        }
        self.caveat = caveat(facts, registry)

    def of(self, name: str) -> dict[str, str]:
        """The notes of a mart, by their names; none of another step."""
        if name not in self.registry.marts:
            return {}
        behind = queries.facts_behind(name, self.steps)
        used = sorted({source for table in behind for source in self.sources.get(table, ())})
        known = [self.registry.sources[source] for source in used]
        titles = "; ".join(f"{source.title} ({source.publisher})" for source in known)
        notes = {"origin": self.facts.origin, "source": titles or "Boligprofil's own registry (schemas/)"}
        if name == "baseline_panel":
            notes["lock"] = self.registry.evaluation.lock_in_words
        has_caveat = any(column.name == "baseline_caveat" for column in self.registry.marts[name].columns)
        return {**notes, "caveat": self.caveat} if has_caveat else notes


def caveat(facts: Facts, registry: Registry) -> str:
    """What a reader of the areas' figures must know first: what they, or those of some sources, cannot be used for."""
    figures = pl.scan_parquet(facts.tables["figures"], glob=False).filter(pl.col("geography") == "area")
    used = sorted(figures.select(pl.col("source").unique()).collect()["source"])
    caveats = {source: words for source in used if (words := registry.sources[source].baseline_caveat)}
    words = "; ".join(sorted(set(caveats.values())))
    if not caveats or len(caveats) == len(used):
        return words
    return f"{words} (this holds for: {'; '.join(registry.sources[source].title for source in caveats)})"
