"""Nothing but reading the columns that the others read: `reading.py FILE duckdb|arrow`."""

import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from same import COLUMNS, COSTS, MEMORY, THREADS

_TEXTS = ("group_id", "member_id", "year_month", "product")


def main() -> None:
    path, way = sys.argv[1:]
    if way == "duckdb":
        con = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY})
        ends = [f"{end}({name})" for name in _TEXTS for end in ("min", "max")]
        sums = [f"sum({name})" for name in ("member_months", *COSTS)]
        con.execute(f"SELECT {', '.join(ends + sums)} FROM read_parquet('{path}')").fetchall()
        return
    pa.set_cpu_count(THREADS)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=250_000, columns=list(COLUMNS), use_threads=True):
            assert batch.num_rows


if __name__ == "__main__":
    main()
