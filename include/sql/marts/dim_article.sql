-- grain:  organization x article, and "none"
-- key:    organization_id, article_key
-- inputs: staging.member_key, staging.fortnox_articles, control.organization
-- why:    Fortnox's register; an invoice row that names no article, or one that is gone, belongs to
--         "none"
create table mart.dim_article (
    organization_id bigint not null,
    article_key bigint not null,
    article_number text not null,
    article_name text not null,
    label_sv text not null,
    label_en text not null,
    unit_code text not null,
    primary key (organization_id, article_key),
    unique (organization_id, article_number)
);

insert into mart.dim_article (
    organization_id, article_key, article_number, article_name, label_sv, label_en, unit_code
)
with

final as (

    select
        member_key.organization_id,
        member_key.member_key as article_key,
        member_key.natural_key as article_number,
        coalesce(listed.article_name, '') as article_name,
        concat_ws(' ', member_key.natural_key, listed.article_name) as label_sv,
        concat_ws(' ', member_key.natural_key, listed.article_name) as label_en,
        coalesce(listed.unit_code, '') as unit_code
    from staging.member_key as member_key
    inner join staging.fortnox_articles as listed
        on
            member_key.organization_id = listed.organization_id
            and member_key.natural_key = listed.article_number
    where member_key.entity = 'article'
    union all
    select
        organization_id,
        control.member_key(organization_id, 0) as article_key,
        '' as article_number,
        '' as article_name,
        '(saknas)' as label_sv,
        '(none)' as label_en,
        '' as unit_code
    from control.organization

)

select * from final;
