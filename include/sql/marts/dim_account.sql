-- grain:  organization x account
-- key:    organization_id, account_key
-- inputs: staging.member_key, staging.ledger_account, staging.fortnox_accounts,
--         staging.financial_year, staging.account_line, mart.account_class
-- why:    the company's own name of the newest year that has one; its line is that of the newest
--         year's chart, while facts carry the line of their own year. bas_number is what the
--         account counts by, empty outside the chart
create table mart.dim_account (
    organization_id bigint not null,
    account_key bigint not null,
    account_number text not null,
    account_name text not null,
    account_label text not null,
    bas_number int,
    account_class int not null,
    account_class_sv text not null,
    account_class_en text not null,
    statement_line_key int not null,
    mapping_source text not null check (mapping_source in ('exact', 'padded', 'none')),
    account_kind text not null,
    sru_code text not null,
    vat_code text not null,
    is_balance_account boolean not null,
    is_result_account boolean not null,
    is_closing_account boolean not null,
    is_outside_chart boolean not null,
    is_active boolean,
    primary key (organization_id, account_key),
    unique (organization_id, account_number)
);

insert into mart.dim_account (
    organization_id, account_key, account_number, account_name, account_label, bas_number,
    account_class, account_class_sv, account_class_en, statement_line_key, mapping_source,
    account_kind, sru_code, vat_code,
    is_balance_account, is_result_account, is_closing_account, is_outside_chart, is_active
)
with

-- what the SIE file of a year and Fortnox's list of that year say; the file's words come first
described as (

    select
        coalesce(ledger.organization_id, listed.organization_id) as organization_id,
        coalesce(ledger.account_number, listed.account_number) as account_number,
        coalesce(ledger.financial_year_id, listed.financial_year_id) as financial_year_id,
        coalesce(ledger.account_name, nullif(listed.account_name, '')) as account_name,
        coalesce(ledger.sru_code, nullif(listed.sru_code, '')) as sru_code,
        ledger.account_kind,
        nullif(listed.vat_code, '') as vat_code,
        listed.is_active
    from staging.ledger_account as ledger
    full outer join staging.fortnox_accounts as listed
        on
            ledger.organization_id = listed.organization_id
            and ledger.financial_year_id = listed.financial_year_id
            and ledger.account_number = listed.account_number

),

newest_word as (

    select
        described.organization_id,
        described.account_number,
        (
            array_agg(described.account_name order by financial_year.start_date desc nulls last)
            filter (where described.account_name is not null)
        )[1] as account_name,
        (
            array_agg(described.sru_code order by financial_year.start_date desc nulls last)
            filter (where described.sru_code is not null)
        )[1] as sru_code,
        (
            array_agg(described.account_kind order by financial_year.start_date desc nulls last)
            filter (where described.account_kind is not null)
        )[1] as account_kind,
        (
            array_agg(described.vat_code order by financial_year.start_date desc nulls last)
            filter (where described.vat_code is not null)
        )[1] as vat_code,
        (
            array_agg(described.is_active order by financial_year.start_date desc nulls last)
            filter (where described.is_active is not null)
        )[1] as is_active
    from described
    left join staging.financial_year as financial_year
        on
            described.organization_id = financial_year.organization_id
            and described.financial_year_id = financial_year.financial_year_id
    group by described.organization_id, described.account_number

),

line_by_age as (

    select
        organization_id,
        account_number,
        bas_number,
        statement_line_key,
        row_number() over (
            partition by organization_id, account_number order by bas_year desc
        ) as age
    from staging.account_line

),

final as (

    select
        -- keys
        member_key.organization_id,
        member_key.member_key as account_key,

        -- dimensions
        member_key.natural_key as account_number,
        coalesce(newest_word.account_name, '') as account_name,
        concat_ws(' ', member_key.natural_key, newest_word.account_name) as account_label,
        line_by_age.bas_number,
        account_class.account_class,
        account_class.name_sv as account_class_sv,
        account_class.name_en as account_class_en,
        line_by_age.statement_line_key,
        case
            when line_by_age.bas_number is null then 'none'
            when line_by_age.bas_number::text = member_key.natural_key then 'exact'
            else 'padded'
        end as mapping_source,
        coalesce(newest_word.account_kind, '') as account_kind,
        coalesce(newest_word.sru_code, '') as sru_code,
        coalesce(newest_word.vat_code, '') as vat_code,

        -- flags
        coalesce(line_by_age.bas_number <= 2999, false) as is_balance_account,
        coalesce(line_by_age.bas_number >= 3000, false) as is_result_account,
        coalesce(line_by_age.bas_number >= 8990, false) as is_closing_account,
        line_by_age.bas_number is null as is_outside_chart,
        newest_word.is_active
    from staging.member_key as member_key
    inner join line_by_age
        on
            member_key.organization_id = line_by_age.organization_id
            and member_key.natural_key = line_by_age.account_number
            and line_by_age.age = 1
    inner join mart.account_class as account_class
        on coalesce(line_by_age.bas_number / 1000, 0) = account_class.account_class
    left join newest_word
        on
            member_key.organization_id = newest_word.organization_id
            and member_key.natural_key = newest_word.account_number
    where member_key.entity = 'account'

)

select * from final;
