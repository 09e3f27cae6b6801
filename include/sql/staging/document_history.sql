-- grain:  organization x resource x document x part (list or detail) x time of validity
-- key:    organization_id, resource, document_key, part, valid_from
-- inputs: landing.document, landing.document_version
-- why:    what a document said at any time: a record holds from valid_from to before valid_to,
--         which is infinity for one that Fortnox has now and the time of its deletion for one that
--         it has no more; times are Fortnox's clock
create view staging.document_history with (security_invoker = true) as
select
    organization_id,
    resource,
    document_key,
    part,
    valid_from,
    valid_to,
    record
from landing.document_version
union all
select
    organization_id,
    resource,
    document_key,
    'list' as part,
    changed_at as valid_from,
    coalesce(deleted_at, 'infinity') as valid_to,
    list_record as record
from landing.document
where list_record is not null
union all
select
    organization_id,
    resource,
    document_key,
    'detail' as part,
    detail_changed_at as valid_from,
    coalesce(deleted_at, 'infinity') as valid_to,
    detail_record as record
from landing.document
where detail_record is not null;
