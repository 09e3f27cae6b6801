-- grain:  organization x check
-- key:    organization_id, check_name
-- inputs: dim_check, control.check_result, control.version_built
-- why:    what the newest checks found, for the page on data quality. A stop check that failed held
--         its version back (is_shown is false) and the marts are those of the version before
create view mart.check_state with (security_invoker = true) as
select
    check_result.organization_id,
    check_result.check_name,
    coalesce(dim_check.name_sv, check_result.check_name) as name_sv,
    coalesce(dim_check.name_en, check_result.check_name) as name_en,
    coalesce(dim_check.meaning_sv, '') as meaning_sv,
    coalesce(dim_check.meaning_en, '') as meaning_en,
    check_result.severity,
    case
        when check_result.failing = 0 then 'passed'
        when check_result.severity = 'stop' then 'stopped'
        else 'warned'
    end as status,
    check_result.failing as finding_count,
    check_result.landed as landed_version,
    coalesce(check_result.landed = version_built.built, false) as is_shown,
    check_result.checked_at
from control.check_result
left join mart.dim_check as dim_check
    on check_result.check_name = dim_check.check_name
left join control.version_built
    on check_result.organization_id = version_built.organization_id;
