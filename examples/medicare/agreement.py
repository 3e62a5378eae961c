"""How many rows of a table of results agree with what was published.

Usage: python agreement.py mssp|reach|hospital-scores RESULTS.csv
The answers and the rules of comparison are those of the README beside this file.
"""

import csv
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).parent
Row = Mapping[str, str]
KEYS = {
    "mssp": ("performance_year", "aco_id"),
    "reach": ("performance_year", "aco_id"),
    "hospital-scores": ("fiscal_year", "facility_id"),
}
ANSWERS = {"mssp": "mssp_answers.csv", "reach": "reach_answers.csv", "hospital-scores": "hospital_scores_answers.csv"}


def compared(table: str, answer: Row) -> Iterator[tuple[str, Fraction]]:
    """The columns to compare in one row, each with the publisher's own rounding."""
    if table == "reach":
        yield from ((name, Fraction(1)) for name in answer if name not in KEYS["reach"])
    elif table == "hospital-scores":
        yield "total_performance_score", Fraction(1, 10**9)
    elif answer["loss_limit_by_revenue"] != "True":
        yield "earned", Fraction(answer["tolerance"])
        yield "gross_savings", Fraction("1.25")
        yield "generated_savings", Fraction("1.25")
        yield "final_sharing_rate", Fraction("0.0001")
        if Fraction(answer["earned"]) < 0 and answer["final_loss_rate"]:
            yield "final_loss_rate", Fraction("0.0001")


def differences(table: str, results: Path) -> tuple[int, int, list[str]]:
    """Rows compared, rows published, and a text for every column that does not agree."""
    keys = KEYS[table]
    with results.open(newline="", encoding="utf-8") as file:
        found = {tuple(row[key] for key in keys): row for row in csv.DictReader(file)}
    with (HERE / ANSWERS[table]).open(newline="", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    rows, texts = 0, []
    for answer in answers:
        columns = list(compared(table, answer))
        rows += bool(columns)
        key = tuple(answer[name] for name in keys)
        for name, tolerance in columns:
            value = found.get(key, {}).get(name) or None
            if value is None or abs(Fraction(value) - Fraction(answer[name])) > tolerance:
                texts.append(f"{' '.join(key)}: {name} is {value}, published {answer[name]}")
    return rows, len(answers), texts


def main() -> None:
    table, results = sys.argv[1], Path(sys.argv[2])
    rows, published, texts = differences(table, results)
    disagreeing = {text.split(":")[0] for text in texts}
    print(f"{rows - len(disagreeing)} of {rows} comparable settlements agree with the published amounts")
    if rows < published:
        print(f"({published - rows} more were limited by revenue, which is not published, and are not compared)")
    for text in texts[:20]:
        print(text)
    sys.exit(bool(texts))


if __name__ == "__main__":
    main()
