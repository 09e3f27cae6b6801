"""Fortnox into PostgreSQL by dlt, as somebody who uses dlt would set it up; runs in dlt's own environment.

    python dlt_load.py config.json

config.json: what dlt_fortnox.py wants without ``resources``, and ``postgres`` (an address), ``directory`` (of
the pipeline's state), ``since``: the moment of the last run as Fortnox's ``lastmodified`` takes it, or null,
and ``parallel``: whether single records are asked for several at a time. dlt's own incremental cursors need a
field in the records, which Fortnox's have not.
Printed at last: dlt's version and the seconds that the pipeline ran, without Python's start.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import dlt
from dlt_fortnox import source  # beside this file

_VOUCHER = ["Year", "VoucherSeries", "VoucherNumber"]


def resources(since: str | None, *, parallel: bool) -> list[dict[str, Any]]:
    """Lists by what changed, and the single records of what they name; merged by their keys."""
    changed = {"lastmodified": since} if since else {}

    def listed(name: str, key: str | list[str], **params: str) -> dict[str, Any]:
        endpoint = {"path": name.lower(), "data_selector": name, "params": {**params, **changed}}
        return {"name": name.lower(), "primary_key": key, "write_disposition": "merge", "endpoint": endpoint}

    def single(name: str, key: str | list[str], path: str, **params: str) -> dict[str, Any]:
        endpoint = {"path": path, "data_selector": name, "paginator": "single_page", "params": params}
        return {
            "name": name.lower(),
            "primary_key": key,
            "write_disposition": "merge",
            "parallelized": parallel,
            "endpoint": endpoint,
        }

    return [
        listed("Customers", "CustomerNumber"),
        listed("Invoices", "DocumentNumber"),
        single("Invoice", "DocumentNumber", "invoices/{resources.invoices.DocumentNumber}"),
        {
            "name": "financialyears",
            "primary_key": "Id",
            "write_disposition": "merge",
            "endpoint": {"path": "financialyears", "data_selector": "FinancialYears"},
        },
        listed("Vouchers", _VOUCHER, financialyear="{resources.financialyears.Id}"),
        single(
            "Voucher",
            _VOUCHER,
            "vouchers/{resources.vouchers.VoucherSeries}/{resources.vouchers.VoucherNumber}",
            financialyear="{resources.vouchers.Year}",
        ),
    ]


def main() -> None:
    """Load, and say how long it took."""
    config = json.loads(Path(sys.argv[1]).read_text())
    began = time.perf_counter()
    pipeline = dlt.pipeline(
        "fortnox",
        destination=dlt.destinations.postgres(config["postgres"]),
        dataset_name="fortnox",
        pipelines_dir=config["directory"],
    )
    pipeline.run(source({**config, "resources": resources(config["since"], parallel=config["parallel"])}))
    print(json.dumps({"dlt": dlt.__version__, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
