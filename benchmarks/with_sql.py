"""The same by hand in SQL: one narrow pass for members, one for dollars by category. `with_sql.py FILE`.

Group ids become small numbers before members are grouped: a hand that knows the engine writes it so.
"""

from collections.abc import Mapping

import duckdb
from same import COLUMNS, COSTS, ID, MEMORY, MONTHS, POINTS, THREADS, WINDOWS, Windows, report

_ALL = " + ".join(COSTS)


def compute(path: str) -> tuple[Mapping[str, Windows], Mapping[str, int]]:
    con = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY, "preserve_insertion_order": False})
    con.execute("CREATE TABLE calendar (year_month VARCHAR, w TINYINT, bit INTEGER)")
    months = [(month, WINDOWS.index(window), 2**place) for month, (window, place) in MONTHS.items()]
    con.executemany("INSERT INTO calendar VALUES (?, ?, ?)", months)
    con.execute("CREATE TABLE points (w TINYINT, point BIGINT)")
    con.executemany("INSERT INTO points VALUES (?, ?)", list(enumerate(POINTS.values())))
    con.execute(f"CREATE VIEW months AS SELECT * FROM read_parquet('{path}')")
    # By group and month as they stand: dollars, and everything that a row may be wrong in.
    con.execute(f"""
        CREATE TEMP TABLE cells AS
        SELECT group_id, year_month, count(*) AS n, sum(member_months) AS months,
               {", ".join(f"sum({cost}) AS {cost}" for cost in COSTS)},
               {" + ".join(f"(count(*) - count({column}))" for column in COLUMNS)} AS nulls,
               count(*) FILTER (member_months NOT BETWEEN 0 AND 1) AS wrong_months
        FROM months GROUP BY ALL""")
    con.execute("""
        CREATE TABLE groups AS
        SELECT group_id, (row_number() OVER (ORDER BY group_id))::SMALLINT AS g
        FROM (SELECT DISTINCT group_id FROM cells)
        """)
    con.execute(f"""
        CREATE TEMP TABLE years AS
        SELECT g, member_id, w, count(*) AS n, sum(bit)::INTEGER AS bits, sum({_ALL})::BIGINT AS amount
        FROM months LEFT JOIN calendar USING (year_month) LEFT JOIN groups USING (group_id) GROUP BY ALL""")
    checks = dict(zip(*_one(con, f"""
        SELECT (SELECT sum(nulls) FROM cells) AS nulls,
               (SELECT sum(wrong_months) FROM cells) AS member_months,
               (SELECT count(*) FROM cells ANTI JOIN calendar USING (year_month)) AS month,
               (SELECT count(*) FROM groups WHERE NOT regexp_full_match(group_id, '{ID}')) AS group_id,
               (SELECT count(*) FROM years WHERE NOT regexp_full_match(member_id, '{ID}')) AS member_id,
               (SELECT count(DISTINCT member_id) - count(DISTINCT lower(member_id)) FROM years
                WHERE member_id <> upper(member_id) OR member_id <> lower(member_id)) AS equal_but_for_case,
               (SELECT count(*) FROM years WHERE bit_count(bits) <> n) AS twice,
               (SELECT count(*) FROM (SELECT sum(bits) AS bits, sum(n) AS n FROM years GROUP BY member_id, w
                HAVING count(*) > 1) WHERE bit_count(bits::BIGINT) <> n) AS in_two_groups,
               (SELECT 24 * count(DISTINCT group_id) - count(*) FROM cells) AS months_without_rows
        """), strict=True))  # fmt: skip
    found = con.execute(f"""
        SELECT group_id, any_value(w), sum(n), sum(months), {", ".join(f"sum({cost})" for cost in COSTS)},
               any_value(excess)
        FROM cells JOIN calendar USING (year_month) JOIN groups USING (group_id)
        JOIN (SELECT g, w, sum(greatest(amount - point, 0)) AS excess FROM years JOIN points USING (w) GROUP BY ALL)
             USING (g, w)
        GROUP BY group_id, w""").fetchall()
    groups: dict[str, dict[str, list[int]]] = {}
    for group, window, *values in found:
        groups.setdefault(group, {})[WINDOWS[window]] = values
    return groups, checks


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[list[str], tuple[int, ...]]:
    result = con.execute(query)
    names, row = [column[0] for column in result.description], result.fetchone()
    assert row is not None
    return names, row


if __name__ == "__main__":
    report(compute)
