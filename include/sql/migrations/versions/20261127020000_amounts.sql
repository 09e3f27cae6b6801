-- why: as before, but a number of a hundred billion or more is none that a record of Fortnox's can
--      mean; it would overflow the marts' amounts, and is listed by value_uncastable instead
create or replace function staging.as_numeric(value jsonb) returns numeric
language sql stable parallel safe
return case jsonb_typeof(value)
    when 'number'
        then case when abs(value::numeric) < 100000000000 then value::numeric end
    when 'string'
        then
            case
                when abs(staging.as_numeric(value #>> '{}')) < 100000000000
                    then staging.as_numeric(value #>> '{}')
            end
end;
