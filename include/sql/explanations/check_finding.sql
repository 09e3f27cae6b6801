-- grain:  organization x check x finding, the first ten of a check
-- key:    organization_id, check_name, finding_number
-- inputs: dim_check, control.check_result
-- why:    what exactly a check found: which voucher, which account, which amounts
create view mart.check_finding with (security_invoker = true) as
select
    check_result.organization_id,
    check_result.check_name,
    finding.finding_number,
    coalesce(dim_check.name_sv, check_result.check_name) as name_sv,
    coalesce(dim_check.name_en, check_result.check_name) as name_en,
    finding.content ->> 'reason' as reason,
    (
        select string_agg(replace(detail.key, '_', ' ') || ' ' || detail.value, ', ')
        from jsonb_each_text(finding.content -> 'detail') as detail
    ) as detail
from control.check_result
cross join
    lateral jsonb_array_elements(check_result.sample) with ordinality
        as finding (content, finding_number)
left join mart.dim_check as dim_check
    on check_result.check_name = dim_check.check_name;
