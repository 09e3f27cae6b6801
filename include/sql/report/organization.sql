-- why: whose report it is, how far its data reach, and when they were fetched and built (Swedish
--      time)
select
    dim_organization.organization_name,
    dim_organization.organization_number,
    registered.dag_id,
    dim_organization.last_voucher_date,
    case %(language)s
        when 'en' then dim_organization.accounting_method_en
        else dim_organization.accounting_method_sv
    end as accounting_method,
    to_char(version.landed_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI') as landed_at,
    to_char(version_built.built_at at time zone 'Europe/Stockholm', 'YYYY-MM-DD HH24:MI')
        as built_at
from control.organization as registered
inner join mart.dim_organization as dim_organization
    on registered.organization_id = dim_organization.organization_id
left join control.version on registered.organization_id = version.organization_id
left join control.version_built
    on registered.organization_id = version_built.organization_id
where registered.organization_id = control.current_organization_id()
