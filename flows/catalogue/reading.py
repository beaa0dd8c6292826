"""How a mart is read from DuckDB, R, Stata and Python: by its resolved file, since a path through `current` moves."""

from pathlib import Path


def programs(file: Path) -> dict[str, str]:
    """Lines for each program that open this file, by the program's name."""
    path = file.as_posix()
    sql, quoted = path.replace("'", "''"), path.replace("\\", "\\\\").replace('"', '\\"')
    return {
        "DuckDB": f"select * from read_parquet('{sql}') limit 10;",  # noqa: S608 - to be read by people
        "R": f'profile <- arrow::read_parquet("{quoted}")',
        "Stata": (
            f'python: import polars as pl; pl.read_parquet(r"{path}").write_csv("{file.stem}.csv")\n'
            f"import delimited {file.stem}.csv, clear"
        ),
        "Python": f'import polars as pl\n\nframe = pl.read_parquet("{quoted}", glob=False)',
    }
