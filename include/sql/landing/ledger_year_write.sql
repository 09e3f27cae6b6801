insert into landing.ledger_year (
    organization_id, financial_year_id, content_digest, loaded_at, start_date, end_date, program,
    faults, contradictions
)
values (
    control.current_organization_id(), %(financial_year_id)s, %(content_digest)s, now(),
    %(start_date)s, %(end_date)s, %(program)s, %(faults)s, %(contradictions)s
)
on conflict (organization_id, financial_year_id) do update set
    content_digest = excluded.content_digest,
    loaded_at = excluded.loaded_at,
    start_date = excluded.start_date,
    end_date = excluded.end_date,
    program = excluded.program,
    faults = excluded.faults,
    contradictions = excluded.contradictions
