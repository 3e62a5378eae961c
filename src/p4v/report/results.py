"""The results of a table: one row to each of its rows, one column to each line that holds a single number."""

import csv
import io

from p4v.batch import Batch, columns_of
from p4v.contract.yaml_tree import place_at
from p4v.errors import Refusal


def results_csv(batch: Batch, terms: bool) -> bytes:
    """UTF-8, LF, header; keys as they stand in the table, then `value` of each line, empty where it does not apply."""
    keys = batch.binding.document.keys
    names = columns_of(batch.rows, terms)
    clash = [key for key in keys if key in names]
    if clash:
        file = batch.binding.file
        place = place_at(file.root, ("keys", keys.index(clash[0])))
        raise Refusal(
            [
                file.finding(
                    "P4V-C026",
                    place,
                    "keys",
                    f"`{clash[0]}`, which is a line's name",
                    "another name for the key's column",
                )
            ]
        )
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*keys, *names])
    for row in batch.rows:
        lines = {line.name: line for line in row.settlement.lines}
        writer.writerow([*row.case.keys, *(lines[name].value_text() or "" if name in lines else "" for name in names)])
    return text.getvalue().encode()
