-- purpose: the migration that the warehouse is at, and one digest of the files that its views and
--          marts were made from
with

derived as (

    select concat_ws('.', relation_schema, relation_name, digest) as fingerprint
    from control.relation

)

select
    schema_version.version_num,
    (
        select
            encode(
                sha256(
                    convert_to(
                        coalesce(
                            string_agg(
                                derived.fingerprint, ' '
                                order by convert_to(derived.fingerprint, 'UTF8')
                            ),
                            ''
                        ),
                        'UTF8'
                    )
                ),
                'hex'
            )
        from derived
    ) as derived_digest
from control.schema_version
