-- why: what the checks say of the books, what stops first, then what warns
select
    state.check_name as code,
    case %(language)s when 'en' then state.name_en else state.name_sv end as label,
    case %(language)s when 'en' then state.meaning_en else state.meaning_sv end as meaning,
    state.status,
    state.finding_count,
    to_char(state.checked_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI') as checked_at,
    coalesce(
        array_agg(finding.reason || ': ' || finding.detail order by finding.finding_number)
        filter (where finding.reason is not null),
        '{}'
    ) as findings
from mart.check_state as state
left join mart.check_finding as finding
    on
        state.organization_id = finding.organization_id
        and state.check_name = finding.check_name
where state.organization_id = control.current_organization_id()
group by
    state.check_name,
    state.name_sv,
    state.name_en,
    state.meaning_sv,
    state.meaning_en,
    state.severity,
    state.status,
    state.finding_count,
    state.checked_at
order by
    case state.status when 'stopped' then 1 when 'warned' then 2 else 3 end,
    label
