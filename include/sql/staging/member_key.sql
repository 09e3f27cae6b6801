-- grain:  organization x entity x natural key
-- key:    organization_id, entity, natural_key
-- inputs: staging.member, control.key_map
-- why:    what the dimensions are made of: their members of today with the keys they have for ever
create view staging.member_key with (security_invoker = true) as
select
    member.organization_id,
    member.entity,
    member.natural_key,
    control.member_key(key_map.organization_id, key_map.member_number) as member_key
from staging.member as member
inner join control.key_map as key_map
    on
        member.organization_id = key_map.organization_id
        and member.entity = key_map.entity
        and member.natural_key = key_map.natural_key;
