"""Facts to marts: run the SQL of sql/ in DuckDB, in the order that the SQL itself gives."""
