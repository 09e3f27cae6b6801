-- severity: warn
-- inputs:   staging.uncastable_value
-- why:      Fortnox sent a text where a date, a number or a yes/no belongs, such as API_NORIGHT
--           where a licence is missing; the field is empty in the marts, the record is there
select
    organization_id,
    'value cannot be read' as reason,
    jsonb_build_object(
        'resource', relation_name, 'key', record_key, 'fields', uncastable
    ) as detail
from staging.uncastable_value;
