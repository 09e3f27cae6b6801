-- grain: span of days overdue, and what is owed the other way
-- key:   ageing_bucket_key (also the order)
-- why:   an invoice overpaid or a credit not yet used is no claim that gets older: bucket 0
create table mart.dim_ageing_bucket (
    ageing_bucket_key int primary key,
    is_credit boolean not null,
    days_from int not null,
    days_to int not null,
    name_sv text not null,
    name_en text not null
);
