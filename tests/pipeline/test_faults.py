"""Degrees of failure: what passes leaves no trace, what lasts has a status, and neither stops anything else.

A run meets many faults at once, each on a resource, document or year of its own, so that the whole matrix of
faults x list, single record, SIE file and token takes few runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle, islice
from typing import Any

import pytest

from saldo.fortnox import hook
from saldo.fortnox.errors import AccessRevokedError, CredentialsRejectedError, CredentialsUnansweredError
from saldo.fortnox.resources import CATALOGUE, FINANCIAL_YEARS, Shape
from saldo.pipeline.year_facts import UnfitFileError
from tests.pipeline.conftest import TENANT, TRIES, Company
from tests.sandbox.callers import Fortnox
from tests.sandbox.faults import ANSWERS, content, timeout

pytestmark = [pytest.mark.database, pytest.mark.slow]

ALWAYS = 100_000
TOKEN = "/oauth-v1/token"
OTHER_SHAPES = ("JSON of another shape", "a JSON list")
REFUSED_TOKEN: dict[str, Any] = {"kind": "status", "status": 401, "body": {"message": "unauthorized"}}
# What a client may ask again about, at once.
PASSING = {
    **{name: {**fault, "times": 2} for name, fault in ANSWERS.items() if name not in OTHER_SHAPES},
    "401": REFUSED_TOKEN,
    "no answer in time": timeout(5),
}
LISTS = [
    resource
    for resource in CATALOGUE.values()
    if resource.shape is not Shape.FILE and not resource.is_off and resource is not FINANCIAL_YEARS
]
YEARS = {3: 2023, 1: 2024, 2: 2025, 7: 2026}


def on_list(name: str, fault: dict[str, Any]) -> dict[str, Any]:
    """The fault on the list of that name, not on its single records."""
    return {"path_contains": f"/3/{CATALOGUE[name].url_path}?", **fault}


def on_detail(key: str, fault: dict[str, Any]) -> dict[str, Any]:
    """The fault on a single record, by "invoices/17"."""
    return {"path_contains": f"/3/{key}?", **fault}


def on_sie(year: int, fault: dict[str, Any]) -> dict[str, Any]:
    """The fault on the SIE file of a financial year, by its id."""
    return {"path_contains": f"/3/sie/4?financialyear={year}", **fault}


def on_token(fault: dict[str, Any]) -> dict[str, Any]:
    """The fault on Fortnox's login."""
    return {"path_contains": TOKEN, **fault}


def details(company: Company) -> list[str]:
    """The documents whose single record a run asks for, as "invoices/17"."""
    return sorted(
        {f"{row[1]}/{row[2]}" for row in company.right["staging.document_history"] if row[3] == "detail"}
    )


def shared_out(places: Iterable[Any], faults: Iterable[Any], shift: int = 0) -> list[tuple[Any, Any]]:
    """Each fault and the place that it strikes, one after another; another one with another shift."""
    return list(zip(islice(cycle(places), shift, None), faults, strict=False))


def wait_no_longer_than(seconds: float, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hook, "_TIMEOUT_SECONDS", (10, seconds))


def errors_of(runs: Iterable[Any]) -> dict[str, BaseException]:
    return {task: error for run in runs for task, error in run.errors.items()}


@pytest.mark.parametrize(
    "shift", [0, *(pytest.param(shift, marks=pytest.mark.slow) for shift in range(5, len(LISTS), 5))]
)
def test_what_passes_leaves_the_fault_free_state(
    company: Company, monkeypatch: pytest.MonkeyPatch, shift: int
) -> None:
    """Every fault that passes x list, single record and SIE file, and those of the login that may be repeated
    within a request."""
    wait_no_longer_than(1.5, monkeypatch)
    again = [ANSWERS[name] for name in ("429 without a body", "500", "503 without a body")]
    company.faults(
        *(on_list(resource.name, fault) for resource, fault in shared_out(LISTS, PASSING.values(), shift)),
        *(on_detail(key, fault) for key, fault in shared_out(details(company), PASSING.values(), shift)),
        *(
            on_sie(year, {**fault, "times": 1})
            for year, fault in shared_out(YEARS, [*PASSING.values(), *map(ANSWERS.get, OTHER_SHAPES)], shift)
        ),
        *(on_token(fault) for fault in again),
    )

    runs = company.run()

    assert company.faults_left() == []
    assert errors_of(runs) == {}
    assert company.not_ok() == {}
    assert company.differs() == {}


UNANSWERED = [
    name for name, fault in ANSWERS.items() if fault.get("status", 200) == 200 and fault["kind"] != "status"
]


@pytest.mark.parametrize(
    "names",
    [
        UNANSWERED[:3],
        *(pytest.param(UNANSWERED[at : at + 3], marks=pytest.mark.slow) for at in range(3, 12, 3)),
    ],
    ids=", ".join,
)
def test_a_login_whose_answer_is_lost_is_asked_again_by_the_task_that_airflow_tries_again(
    company: Company, names: list[str]
) -> None:
    company.faults(*(on_token(ANSWERS[name]) for name in names))

    runs = company.run()

    assert company.faults_left() == []
    assert errors_of(runs) == {}
    assert company.differs() == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", UNANSWERED)
def test_a_login_that_never_answers_is_asked_no_more_than_airflow_tries(company: Company, name: str) -> None:
    company.faults(on_token({**ANSWERS[name], "times": ALWAYS}))

    [run] = company.run()

    error = run.errors.pop("extract.changes")
    assert isinstance(error, CredentialsUnansweredError)
    assert "the task tries again by itself" in str(error)
    assert run.errors == {}
    assert ALWAYS - sum(fault["times"] for fault in company.faults_left()) == TRIES
    company.mend()
    assert errors_of(company.run("next")) == {}
    assert company.differs() == {}


@pytest.mark.parametrize("status", [400, pytest.param(403, marks=pytest.mark.slow)])
def test_what_the_company_has_not_is_skipped_and_lands_when_it_has_it(company: Company, status: int) -> None:
    """Scope (2000663), licence (2001101) and feature missing, each on other resources; and two lists of
    another shape than Fortnox describes."""
    company.settings(
        access={
            TENANT: {
                "missing_scopes": ["project", "payment"],
                "unlicensed_scopes": ["price"],
                "contracts": False,
                "refusal_status": status,
            }
        }
    )
    company.faults(
        on_list("customers", ANSWERS["JSON of another shape"]), on_list("units", ANSWERS["a JSON list"])
    )

    runs = company.run()

    skipped = dict.fromkeys(
        ("projects", "invoicepayments", "supplierinvoicepayments", "pricelists", "prices", "contracts",
         "contractaccruals"),
        "skipped",
    )  # fmt: skip
    assert errors_of(runs) == {}
    # The voucher lists come in the second run, and the customers, who are asked about at every run, again.
    assert company.not_ok() == {**skipped, "units": "refused"}
    sentence = "This resource is skipped until the company has the scope and the licence for it"
    assert company.status("projects") == {
        "": f"skipped: Har inte behörighet för scope (Fortnox code 2000663). {sentence}"
    }
    assert company.status("prices")[""].startswith("skipped: Det finns ingen aktiv licens för önskat scope")
    assert company.status("contracts")[""].startswith("skipped: Feature inte tillgänglig")
    assert company.status("units")[""].startswith("refused: Fortnox's answer for units holds no Units")
    without_them = {table for table in company.differs() if table.startswith("mart.")}
    # what payments, contracts and projects make; the ledger and its statements stand
    assert {"mart.dim_project", "mart.fct_subledger_movement", "mart.contract_revenue"} <= without_them
    assert without_them.isdisjoint(
        f"mart.{name}"
        for name in ("fct_ledger_row", "income_statement", "balance_sheet", "cash_flow", "vat_return")
    )

    company.mend()
    company.a_day_later()
    assert errors_of(company.run("a day later")) == {}
    assert company.not_ok() == {}
    assert company.differs() == {}


@pytest.mark.slow
def test_without_licence_for_the_bookkeeping_the_rest_lands(company: Company) -> None:
    company.settings(access={TENANT: {"unlicensed_scopes": ["bookkeeping"]}})

    runs = company.run()

    assert errors_of(runs) == {}
    assert company.not_ok() == {"financialyears": "skipped", "predefinedvoucherseries": "skipped"}
    assert company.warehouse.rows("select count(*) from mart.fct_ledger_row") == [(0,)]
    assert company.warehouse.rows("select count(*) > 5 from mart.dim_customer") == [(True,)]

    company.mend()
    company.a_day_later()
    assert errors_of(company.run("a day later")) == {}
    assert company.differs() == {}


@pytest.mark.slow
def test_a_licence_for_the_bookkeeping_that_ends_keeps_the_ledger_as_it_was(company: Company) -> None:
    company.run()
    company.settings(access={TENANT: {"unlicensed_scopes": ["bookkeeping"]}})
    company.sandbox.admin("POST", f"{TENANT}/customers", {"name": "Ny kund AB"})

    runs = company.run("next")

    assert errors_of(runs) == {}
    assert set(company.not_ok().values()) == {"skipped"}
    assert {"sie 7", "financialyears"} & set(company.not_ok()) == {"sie 7"}, "the years are asked for daily"
    assert "mart.fct_ledger_row" not in company.differs()
    assert company.differs()["mart.dim_customer"] == (0, 1)
    _undo_customer(company)


def _undo_customer(company: Company) -> None:
    """The sandbox is shared by the tests."""
    number = company.warehouse.rows(
        "select document_key from landing.document where list_record ->> 'Name' = 'Ny kund AB'"
    )[0][0]
    company.sandbox.admin("DELETE", f"{TENANT}/customers/{number}")


@pytest.mark.slow
def test_without_the_api_licence_nothing_comes_and_each_resource_says_so(company: Company) -> None:
    company.settings(access={TENANT: {"api_licence": False}})

    runs = company.run()

    assert errors_of(runs) == {}
    assert set(company.not_ok().values()) == {"skipped"}
    assert company.status("customers")[""].startswith("skipped: Api-licens saknas (Fortnox code 2001103)")

    company.mend()
    company.a_day_later()
    assert errors_of(company.run("a day later")) == {}
    assert company.differs() == {}


def test_revoked_access_stops_the_run_at_once_and_says_what_to_do(company: Company) -> None:
    company.settings(access={TENANT: {"revoked": True}})

    [run] = company.run()

    assert list(run.errors) == ["extract.changes"]
    assert isinstance(run.errors["extract.changes"], AccessRevokedError)
    assert "Connect the company again" in str(run.errors["extract.changes"])
    assert company.sandbox.admin("GET", "requests")["fortnox"].get(TENANT, {}).get("requests", 0) == 0

    company.mend()
    assert errors_of(company.run("next")) == {}
    assert company.differs() == {}


@pytest.mark.slow
def test_access_that_is_revoked_meanwhile_leaves_the_last_good_state(company: Company) -> None:
    company.run()
    company.settings(access={TENANT: {"revoked": True}})

    [run] = company.run("next")

    assert isinstance(run.errors["extract.changes"], AccessRevokedError)
    assert company.differs() == {}


def test_an_app_that_fortnox_does_not_know_is_no_matter_of_the_company(company: Company) -> None:
    body: dict[str, object] = {"error": "invalid_client"}
    company.faults(on_token({"kind": "status", "status": 401, "body": body, "times": ALWAYS}))

    [run] = company.run()

    error = run.errors["extract.changes"]
    assert isinstance(error, CredentialsRejectedError)
    assert "fortnox_default" in str(error)
    assert ALWAYS - sum(fault["times"] for fault in company.faults_left()) == 1


LASTING = ["500", "503 without a body", "HTML with 200", "half of its gzip", "reset in the middle"]


@pytest.mark.parametrize(
    "name", [LASTING[0], *(pytest.param(n, marks=pytest.mark.slow) for n in LASTING[1:])]
)
def test_what_lasts_on_a_list_or_a_record_is_its_status_and_the_next_run_mends_it(
    company: Company, name: str
) -> None:
    fault = {**ANSWERS[name], "times": ALWAYS}
    newest = max(details(company), key=lambda key: (key.startswith("invoices/"), len(key), key))
    company.faults(
        *(on_list(resource, fault) for resource in ("customers", "voucherseries", "articles")),
        on_detail(newest, fault),
    )

    runs = company.run()

    assert errors_of(runs) == {}
    failed = ("customers", *(f"voucherseries {year}" for year in YEARS), "articles", "invoices details")
    assert company.not_ok() == dict.fromkeys(failed, "failed")
    assert "the next run goes on where this one stopped" in company.status("customers")[""]
    assert newest.partition("/")[2] in company.status("invoices", "details")["details"]
    assert company.warehouse.rows(
        "select resource || '/' || document_key from landing.document where detail_due_at is not null"
    ) == [(newest,)]
    assert company.warehouse.rows(
        "select built = landed from control.version join control.version_built using (organization_id)"
    ) == [(True,)]
    assert not {table for table in company.differs() if is_of_the_ledger(table)}

    company.mend()
    assert errors_of(company.run("next")) == {}
    assert company.not_ok() == {}
    assert company.differs() == {}


@pytest.mark.slow
def test_a_ledger_that_never_came_makes_its_task_red_and_stops_no_list(company: Company) -> None:
    company.faults(on_sie(7, {**ANSWERS["500"], "times": ALWAYS}))

    [run] = company.run()

    assert list(run.errors) == ["extract.ledger"]
    assert str(run.errors["extract.ledger"]).startswith(
        "Fortnox does not give the ledger of 2026-01-01 to 2026-12-31"
    )
    assert company.not_ok() == {"sie 7": "failed"}
    assert run.states["extract.registers"] == run.states["extract.sales"] == "success"
    assert "landing.document_customers" not in company.differs()
    assert company.warehouse.rows("select count(distinct financial_year_id) from landing.voucher") == [(3,)]

    company.mend()
    assert errors_of(company.run("next")) == {}
    assert company.differs() == {}


def test_a_ledger_that_came_before_is_kept_while_its_file_does_not_come(company: Company) -> None:
    company.run()
    voucher = company.sandbox.admin("POST", f"{TENANT}/vouchers", {"financial_year": 7})
    company.sandbox.admin("POST", f"{TENANT}/customers", {"name": "Ny kund AB"})
    company.faults(on_sie(7, {**ANSWERS["half of it, said to be all"], "times": ALWAYS}))
    try:
        runs = company.run("next")

        assert errors_of(runs) == {}
        assert company.not_ok() == {"sie 7": "failed"}
        assert "the next run goes on" in company.status("sie", "7")["7"]
        differs = company.differs()
        assert differs["mart.dim_customer"] == (0, 1)
        assert "mart.fct_ledger_row" not in differs

        company.mend()
        assert errors_of(company.run("mended")) == {}
        assert company.not_ok() == {}
        assert company.differs()["mart.fct_ledger_row"] == (0, 3)
    finally:
        company.mend()
        key = "{financial_year}/{series}/{number}".format(**voucher)
        company.sandbox.admin("DELETE", f"{TENANT}/vouchers/{key}")
        _undo_customer(company)


@pytest.mark.slow
def test_a_file_of_another_year_is_refused_and_fetched_again_by_the_next_run(company: Company) -> None:
    sie = Fortnox.of(company.sandbox, TENANT).get("sie/4?financialyear=1").content.decode("cp437")
    company.faults(on_sie(7, {"kind": "json", "body": sie}))

    [run] = company.run()

    assert list(run.errors) == ["extract.ledger"]
    assert isinstance(run.errors["extract.ledger"], UnfitFileError)
    assert "The file is of 2024-01-01 to 2024-12-31" in str(run.errors["extract.ledger"])
    assert company.status("sie", "7")["7"].startswith("refused: The file is of 2024-01-01")
    assert company.warehouse.rows("select count(distinct financial_year_id) from landing.voucher") == [(3,)]

    assert errors_of(company.run("next")) == {}
    assert company.differs("landing.sie_file") == {}


def test_a_year_that_does_not_exist_yet_is_no_error(company: Company) -> None:
    company.run()
    company.warehouse.execute(
        "delete from landing.document where resource = 'financialyears' and document_key = '7'"
    )
    years = Fortnox.of(company.sandbox, TENANT).json("financialyears?limit=500")["FinancialYears"]
    without = {"FinancialYears": [year for year in years if year["Id"] != 7]}
    company.faults(on_list("financialyears", {"kind": "json", "body": without, "times": ALWAYS}))

    runs = company.run("in a year that is not there")

    assert errors_of(runs) == {}
    assert company.not_ok() == {}
    assert company.sandbox.admin("GET", "faults")[0]["times"] == ALWAYS - 1, (
        "asked for again until it is there"
    )

    company.mend()
    assert errors_of(company.run("when it is there")) == {}
    assert company.differs() == {}


# Where each value stands that is not what Fortnox describes; each list has its own.
def is_of_the_ledger(table: str) -> bool:
    """Whether a relation is made of vouchers, not of documents."""
    return "subledger" not in table and any(word in table for word in ("ledger", "balance", "statement"))


ODD_LISTS: dict[str, tuple[str, str]] = {
    "accounts": ("API_NORIGHT", "BalanceBroughtForward"),
    "projects": ("a number for a text", "StartDate"),
    "costcenters": ("a text for a number", "Active"),
    "suppliers": ("invalid UTF-8", "Name"),
    "customers": ("2 MB of text", "Name"),
    "currencies": ("half a surrogate pair", "Description"),
    "units": ("an object", "NotHeardOfBefore"),
    "labels": ("a control character", "Description"),
    "modesofpayments": ("2 MB of text", "Code"),
    "termsofpayments": ("gone", "Description"),
    "termsofdeliveries": ("null", "Description"),
    "wayofdeliveries": ("not a JSON value", "Description"),
    "articles": ("NUL", "Description"),
    "pricelists": ("gone", "Code"),
    "prices": ("an object", "Price"),
    "invoices": ("API_NORIGHT", "Total"),
    "invoicepayments": ("an amount with forty digits", "Amount"),
}
ODD_ROWS = {
    "invoices/1001": ("API_NORIGHT", "InvoiceRows.0.Price"),
    "invoices/1002": ("NUL", "InvoiceRows.0.Description"),
    "invoices/1003": ("2 MB of text", "InvoiceRows.0.Description"),
    "invoices/1004": ("a control character", "InvoiceRows.0.Description"),
    "invoices/1005": ("gone", "InvoiceRows.0.Price"),
    "invoices/1006": ("not a JSON value", "InvoiceRows.0.Price"),
    "invoices/1007": ("half a surrogate pair", "InvoiceRows.0.Description"),
    "invoices/1008": ("an object", "InvoiceRows"),
}


def test_odd_content_lands_or_is_reported_and_stops_nothing(company: Company) -> None:
    company.faults(
        *(on_list(name, {**content(*odd), "times": ALWAYS}) for name, odd in ODD_LISTS.items()),
        *(on_detail(key, {**content(*odd), "times": ALWAYS}) for key, odd in ODD_ROWS.items()),
    )

    runs = company.run()

    assert errors_of(runs) == {}
    assert company.not_ok() == {
        "labels": "failed", "wayofdeliveries": "failed", "invoices details": "failed",
    }  # fmt: skip
    assert company.status("labels")[""].startswith("failed: Fortnox's answer for labels is not JSON")
    left_out = "characters that the warehouse cannot hold were left out"
    for name, count in {"suppliers": 2, "currencies": 1, "articles": 1}.items():
        assert company.status(name)[""] == f"ok: {count} {left_out}", name
    for name in ("modesofpayments", "pricelists"):
        assert company.status(name)[""] == "ok: 1 records came without their key", name
    told = company.status("invoices", "details")["details"]
    assert "1004: Fortnox's answer for invoices is not JSON" in told
    assert "1006: Fortnox's answer for invoices is not JSON" in told
    assert f"2 {left_out}" in told
    [(failing, sample)] = company.warehouse.rows(
        "select failing, sample::text from control.check_result where check_name = 'value_uncastable'"
    )
    # An account a year; a project, a cost centre, a price, a payment, an invoice and an invoice's row.
    assert failing == len(YEARS) + 6
    for odd in ("API_NORIGHT", "12.5", "tolv komma fem"):
        assert odd in sample
    assert company.warehouse.rows(
        "select length(customer_name) from mart.dim_customer order by 1 desc limit 1"
    ) == [(2_000_000,)]
    assert company.warehouse.rows(
        "select list_record ->> 'Amount' from landing.document where resource = 'invoicepayments' "
        "order by length(list_record ->> 'Amount') desc limit 1"
    ) == [("1234567890123456789012345678901234567890.5",)]
    differs = company.differs()
    assert not {table for table in differs if is_of_the_ledger(table)}

    company.mend()
    assert errors_of(company.run("mended", params={"full_reload": True})) == {}
    assert company.not_ok() == {}
    kept = ("landing.document", "staging.document_history")
    assert not {table for table in company.differs() if not table.startswith(kept)}
    assert company.warehouse.rows(
        "select resource from landing.document where deleted_at is not null order by 1"
    ) == [("modesofpayments",), ("pricelists",)]


def test_odd_content_of_a_ledger_is_reported_and_the_rest_of_it_is_there(company: Company) -> None:
    sie = Fortnox.of(company.sandbox, TENANT).get("sie/4?financialyear=3").content.decode("cp437")
    lines = sie.splitlines(keepends=True)
    account = next(place for place, line in enumerate(lines) if line.startswith("#KONTO 1930"))
    lines[account] = f'#KONTO 1930 "a\0{"x" * 2_000_000}"\r\n'
    lines.insert(account, "#NYHET 1 2 3\r\n#KONTO\r\n#IB 0 1930 API_NORIGHT\r\n")
    company.faults(on_sie(3, {"kind": "json", "body": "".join(lines), "times": ALWAYS}))

    runs = company.run()

    assert errors_of(runs) == {}
    assert company.not_ok() == {}
    assert "3 faults in the file" in company.status("sie", "3")["3"]
    differs = company.differs()
    assert "mart.fct_ledger_row" not in differs
    assert company.warehouse.rows(
        "select failing from control.check_result where check_name = 'file_faulty'"
    ) == [(3,)]
