-- grain:  organization x entity x natural key
-- key:    organization_id, entity, natural_key
-- inputs: control.key_map
-- why:    what the dimensions are made of: the members that staging.member found when the build
--         began, with the keys they have for ever
create view staging.member_key with (security_invoker = true) as
select
    organization_id,
    entity,
    natural_key,
    control.member_key(organization_id, member_number) as member_key
from control.key_map
where is_member;
