-- grain:  organization x fiscal period begun x sentence (1 result, 2 cash, 3 receivables)
-- key:    organization_id, fiscal_period_key, sentence_number
-- inputs: result_bridge, income_statement, cash_flow, fct_open_item, dim_account, dim_customer,
--         dim_fiscal_period, as_of, mart.dim_statement_line
-- why:    what changed, in words, of the same amounts as the statements. Whole kronor; the parts of
--         a sentence sum to its total, since what is rounded off is in its last part. The third is
--         said of a month that has ended, and of sub-ledgers that have something open
create table mart.narrative (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    sentence_number int not null,
    topic text not null check (topic in ('result', 'cash', 'receivables')),
    text_sv text not null,
    text_en text not null,
    amount numeric(18, 2) not null,
    primary key (organization_id, fiscal_period_key, sentence_number)
);

insert into mart.narrative (
    organization_id, fiscal_period_key, sentence_number, topic, text_sv, text_en, amount
)
with

begun_period as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        fiscal_period.end_date
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.as_of as today
        on
            fiscal_period.organization_id = today.organization_id
            and fiscal_period.start_date <= today.as_of_date
    where fiscal_period.has_ledger

),

operating_result as (

    select
        income.organization_id,
        income.fiscal_period_key,
        income.amount,
        income.last_year_amount
    from mart.income_statement as income
    inner join mart.dim_statement_line as statement_line
        on
            income.statement_line_key = statement_line.statement_line_key
            and statement_line.line_code = 'operating_result'
    inner join begun_period
        on
            income.organization_id = begun_period.organization_id
            and income.fiscal_period_key = begun_period.fiscal_period_key

),

-- a cost that rose is told as +, though it lowers the result
told_account as (

    select
        bridge.organization_id,
        bridge.fiscal_period_key,
        bridge.statement_line_key,
        dim_account.account_number,
        bridge.difference_amount,
        row_number() over (
            partition by
                bridge.organization_id, bridge.fiscal_period_key, bridge.statement_line_key
            order by abs(bridge.difference_amount) desc, dim_account.account_number asc
        ) as place
    from mart.result_bridge as bridge
    inner join mart.dim_account as dim_account
        on
            bridge.organization_id = dim_account.organization_id
            and bridge.account_key = dim_account.account_key

),

told_line as (

    select
        told_account.organization_id,
        told_account.fiscal_period_key,
        statement_line.name_sv,
        statement_line.name_en,
        case statement_line.section_code when 'operating_costs' then -1 else 1 end as direction,
        round(sum(told_account.difference_amount)) as difference,
        string_agg(
            told_account.account_number, ', ' order by told_account.place
        ) filter (where told_account.place <= 2) as accounts,
        row_number() over (
            partition by told_account.organization_id, told_account.fiscal_period_key
            order by
                abs(sum(told_account.difference_amount)) desc, statement_line.line_order asc
        ) as place
    from told_account
    inner join mart.dim_statement_line as statement_line
        on told_account.statement_line_key = statement_line.statement_line_key
    group by
        told_account.organization_id,
        told_account.fiscal_period_key,
        statement_line.name_sv,
        statement_line.name_en,
        statement_line.section_code,
        statement_line.line_order

),

told_result as (

    select
        organization_id,
        fiscal_period_key,
        sum(difference) filter (where place <= 3) as told_difference,
        string_agg(
            lower(left(name_sv, 1)) || substr(name_sv, 2) || ' '
            || replace(
                to_char(direction * difference, 'FMSG999,999,999,999,990'), ',', U&'\00A0'
            )
            || ' (' || accounts || ')',
            ', ' order by place
        ) filter (where place <= 3 and difference <> 0) as parts_sv,
        string_agg(
            lower(left(name_en, 1)) || substr(name_en, 2) || ' '
            || to_char(direction * difference, 'FMSG999,999,999,999,990')
            || ' (' || accounts || ')',
            ', ' order by place
        ) filter (where place <= 3 and difference <> 0) as parts_en
    from told_line
    group by organization_id, fiscal_period_key

),

result_sentence as (

    select
        operating_result.organization_id,
        operating_result.fiscal_period_key,
        1 as sentence_number,
        'result' as topic,
        case
            when operating_result.last_year_amount is null
                then
                    'Rörelseresultatet är '
                    || replace(
                        to_char(round(operating_result.amount), 'FM999,999,999,999,990'),
                        ',', U&'\00A0'
                    )
                    || ' kr; det finns inget fjolår att jämföra med.'
            when round(operating_result.amount - operating_result.last_year_amount) = 0
                then 'Rörelseresultatet är detsamma som i fjol.'
            else
                'Rörelseresultatet är '
                || replace(
                    to_char(
                        abs(round(operating_result.amount - operating_result.last_year_amount)),
                        'FM999,999,999,999,990'
                    ),
                    ',', U&'\00A0'
                )
                || case
                    when operating_result.amount > operating_result.last_year_amount
                        then ' kr högre'
                    else ' kr lägre'
                end
                || ' än i fjol: ' || coalesce(told_result.parts_sv, '')
                || case
                    when
                        round(operating_result.amount - operating_result.last_year_amount)
                        <> coalesce(told_result.told_difference, 0)
                        then
                            case when told_result.parts_sv is null then '' else ', ' end
                            || 'övrigt '
                            || replace(
                                to_char(
                                    round(
                                        operating_result.amount
                                        - operating_result.last_year_amount
                                    ) - coalesce(told_result.told_difference, 0),
                                    'FMSG999,999,999,999,990'
                                ),
                                ',', U&'\00A0'
                            )
                            || ' på resultatet'
                    else ''
                end
                || '.'
        end as text_sv,
        case
            when operating_result.last_year_amount is null
                then
                    'Operating result is '
                    || to_char(round(operating_result.amount), 'FM999,999,999,999,990')
                    || ' kr; there is no last year to compare with.'
            when round(operating_result.amount - operating_result.last_year_amount) = 0
                then 'Operating result is the same as last year.'
            else
                'Operating result is '
                || to_char(
                    abs(round(operating_result.amount - operating_result.last_year_amount)),
                    'FM999,999,999,999,990'
                )
                || case
                    when operating_result.amount > operating_result.last_year_amount
                        then ' kr higher'
                    else ' kr lower'
                end
                || ' than last year: ' || coalesce(told_result.parts_en, '')
                || case
                    when
                        round(operating_result.amount - operating_result.last_year_amount)
                        <> coalesce(told_result.told_difference, 0)
                        then
                            case when told_result.parts_en is null then '' else ', ' end
                            || 'other '
                            || to_char(
                                round(
                                    operating_result.amount - operating_result.last_year_amount
                                ) - coalesce(told_result.told_difference, 0),
                                'FMSG999,999,999,999,990'
                            )
                            || ' on the result'
                    else ''
                end
                || '.'
        end as text_en,
        coalesce(
            operating_result.amount - operating_result.last_year_amount, operating_result.amount
        ) as amount
    from operating_result
    left join told_result
        on
            operating_result.organization_id = told_result.organization_id
            and operating_result.fiscal_period_key = told_result.fiscal_period_key

),

flow as (

    select
        cash_flow.organization_id,
        cash_flow.fiscal_period_key,
        sum(cash_flow.amount) filter (
            where statement_line.line_code = 'cash_flow_total'
        ) as total_amount,
        round(sum(cash_flow.amount) filter (
            where statement_line.line_code = 'cash_from_operations'
        )) as operations,
        round(sum(cash_flow.amount) filter (
            where statement_line.line_code = 'cash_from_investing'
        )) as investing
    from mart.cash_flow as cash_flow
    inner join mart.dim_statement_line as statement_line
        on cash_flow.statement_line_key = statement_line.statement_line_key
    inner join begun_period
        on
            cash_flow.organization_id = begun_period.organization_id
            and cash_flow.fiscal_period_key = begun_period.fiscal_period_key
    group by cash_flow.organization_id, cash_flow.fiscal_period_key

),

cash_sentence as (

    select
        organization_id,
        fiscal_period_key,
        2 as sentence_number,
        'cash' as topic,
        case
            when total_amount = 0 then 'Kassan är oförändrad'
            else
                case when total_amount > 0 then 'Kassan ökade' else 'Kassan minskade' end
                || ' med '
                || replace(
                    to_char(abs(round(total_amount)), 'FM999,999,999,999,990'), ',', U&'\00A0'
                )
                || ' kr'
        end
        || ': löpande verksamheten '
        || replace(to_char(operations, 'FMSG999,999,999,999,990'), ',', U&'\00A0')
        || ', investeringar '
        || replace(to_char(investing, 'FMSG999,999,999,999,990'), ',', U&'\00A0')
        || ', finansiering och övrigt '
        || replace(
            to_char(
                round(total_amount) - operations - investing, 'FMSG999,999,999,999,990'
            ),
            ',', U&'\00A0'
        )
        || '.' as text_sv,
        case
            when total_amount = 0 then 'Cash is unchanged'
            else
                case when total_amount > 0 then 'Cash rose' else 'Cash fell' end
                || ' by ' || to_char(abs(round(total_amount)), 'FM999,999,999,999,990') || ' kr'
        end
        || ': operations ' || to_char(operations, 'FMSG999,999,999,999,990')
        || ', investing ' || to_char(investing, 'FMSG999,999,999,999,990')
        || ', financing and other '
        || to_char(round(total_amount) - operations - investing, 'FMSG999,999,999,999,990')
        || '.' as text_en,
        total_amount as amount
    from flow

),

open_receivable as (

    select
        open_item.organization_id,
        open_item.as_of_date,
        open_item.customer_key,
        sum(open_item.open_amount) as open_amount,
        coalesce(sum(open_item.open_amount) filter (
            where open_item.days_overdue > 0 and open_item.open_amount > 0
        ), 0) as overdue_amount
    from mart.fct_open_item as open_item
    where
        open_item.side = 'receivable'
        and open_item.is_period_end
    group by open_item.organization_id, open_item.as_of_date, open_item.customer_key

),

ranked_receivable as (

    select
        open_receivable.organization_id,
        open_receivable.as_of_date,
        open_receivable.open_amount,
        open_receivable.overdue_amount,
        dim_customer.label_sv,
        dim_customer.label_en,
        row_number() over (
            partition by open_receivable.organization_id, open_receivable.as_of_date
            order by open_receivable.overdue_amount desc, open_receivable.customer_key asc
        ) as place
    from open_receivable
    inner join mart.dim_customer as dim_customer
        on
            open_receivable.organization_id = dim_customer.organization_id
            and open_receivable.customer_key = dim_customer.customer_key

),

receivable_at_end as (

    select
        organization_id,
        as_of_date,
        sum(open_amount) as open_amount,
        sum(overdue_amount) as overdue_amount,
        max(label_sv) filter (where place = 1) as largest_sv,
        max(label_en) filter (where place = 1) as largest_en,
        max(overdue_amount) as largest_amount
    from ranked_receivable
    group by organization_id, as_of_date

),

receivable_sentence as (

    select
        begun_period.organization_id,
        begun_period.fiscal_period_key,
        3 as sentence_number,
        'receivables' as topic,
        'Kundfordringarna är '
        || replace(
            to_char(round(receivable_at_end.open_amount), 'FM999,999,999,999,990'),
            ',', U&'\00A0'
        )
        || case
            when receivable_at_end.overdue_amount = 0 then ' kr, inget har förfallit.'
            else
                ' kr, varav '
                || replace(
                    to_char(round(receivable_at_end.overdue_amount), 'FM999,999,999,999,990'),
                    ',', U&'\00A0'
                )
                || ' kr har förfallit; mest hos ' || receivable_at_end.largest_sv || ' ('
                || replace(
                    to_char(round(receivable_at_end.largest_amount), 'FM999,999,999,999,990'),
                    ',', U&'\00A0'
                )
                || ' kr).'
        end as text_sv,
        'Trade receivables are '
        || to_char(round(receivable_at_end.open_amount), 'FM999,999,999,999,990')
        || case
            when receivable_at_end.overdue_amount = 0 then ' kr, nothing is overdue.'
            else
                ' kr, of which '
                || to_char(round(receivable_at_end.overdue_amount), 'FM999,999,999,999,990')
                || ' kr is overdue; most of it with ' || receivable_at_end.largest_en || ' ('
                || to_char(round(receivable_at_end.largest_amount), 'FM999,999,999,999,990')
                || ' kr).'
        end as text_en,
        receivable_at_end.overdue_amount as amount
    from begun_period
    inner join receivable_at_end
        on
            begun_period.organization_id = receivable_at_end.organization_id
            and begun_period.end_date = receivable_at_end.as_of_date

),

final as (

    select
        organization_id,
        fiscal_period_key,
        sentence_number,
        topic,
        text_sv,
        text_en,
        amount
    from result_sentence
    union all
    select
        organization_id,
        fiscal_period_key,
        sentence_number,
        topic,
        text_sv,
        text_en,
        amount
    from cash_sentence
    union all
    select
        organization_id,
        fiscal_period_key,
        sentence_number,
        topic,
        text_sv,
        text_en,
        amount
    from receivable_sentence

)

select * from final;
