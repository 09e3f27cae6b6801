-- why: a year that is loaded again as it was is no change
insert into landing.ledger_year as ledger_year (
    organization_id, financial_year_id, content_digest, loaded_at, start_date, end_date, program,
    faults, contradictions
)
values (
    control.current_organization_id(), %(financial_year_id)s, %(content_digest)s, now(),
    %(start_date)s, %(end_date)s, %(program)s, %(faults)s, %(contradictions)s
)
on conflict (organization_id, financial_year_id)
do update set
    content_digest = excluded.content_digest,
    loaded_at = excluded.loaded_at,
    start_date = excluded.start_date,
    end_date = excluded.end_date,
    program = excluded.program,
    faults = excluded.faults,
    contradictions = excluded.contradictions
where
(
    ledger_year.content_digest <> excluded.content_digest
    or ledger_year.start_date <> excluded.start_date
    or ledger_year.end_date <> excluded.end_date
    or ledger_year.faults <> excluded.faults
    or ledger_year.contradictions <> excluded.contradictions
)
