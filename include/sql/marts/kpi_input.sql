-- grain:  organization x fiscal period with a ledger x span (month, year_to_date, rolling_12) x
--         source x code, of what some key figure needs
-- key:    organization_id, fiscal_period_key, span, source, code
-- inputs: income_statement, balance_sheet, cash_flow, fct_account_balance_period, dim_account,
--         dim_fiscal_period, dim_financial_year, subledger_roll_forward, fct_open_item,
--         payment_behaviour, mart.dim_statement_line, mart.kpi_component, mart.corporate_tax_rate
-- why:    every figure that a key figure is made of, so that each can be traced. A line that the
--         organization does not use is zero; empty is what cannot be known of the span. An average
--         is that of the span's beginning and end
create table mart.kpi_input (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    span text not null check (span in ('month', 'year_to_date', 'rolling_12')),
    source text not null,
    code text not null,
    input_value numeric,
    primary key (organization_id, fiscal_period_key, span, source, code)
);

insert into mart.kpi_input (organization_id, fiscal_period_key, span, source, code, input_value)
with

needed as materialized (

    select distinct
        source,
        code
    from mart.kpi_component

),

tax_rate as (

    select
        financial_year.organization_id,
        financial_year.financial_year_key,
        (array_agg(tax.rate order by tax.start_date desc))[1] as rate
    from mart.dim_financial_year as financial_year
    inner join mart.corporate_tax_rate as tax on financial_year.start_date >= tax.start_date
    group by financial_year.organization_id, financial_year.financial_year_key

),

period_span as materialized (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        fiscal_period.financial_year_key,
        fiscal_period.last_year_period_key,
        fiscal_period.end_date,
        spans.span,
        spans.from_date,
        spans.month_count,
        fiscal_period.end_date - spans.from_date + 1 as day_count,
        spans.span <> 'rolling_12' or fiscal_period.has_twelve_months as is_known,
        last_year.has_ledger is true
        and (spans.span <> 'rolling_12' or last_year.has_twelve_months) as is_last_year_known,
        spans.span <> 'rolling_12' or last_year.has_ledger is true as is_beginning_known,
        tax_rate.rate as tax_rate
    from mart.dim_fiscal_period as fiscal_period
    inner join mart.dim_financial_year as financial_year
        on
            fiscal_period.organization_id = financial_year.organization_id
            and fiscal_period.financial_year_key = financial_year.financial_year_key
    inner join tax_rate
        on
            financial_year.organization_id = tax_rate.organization_id
            and financial_year.financial_year_key = tax_rate.financial_year_key
    left join mart.dim_fiscal_period as last_year
        on
            fiscal_period.organization_id = last_year.organization_id
            and fiscal_period.last_year_period_key = last_year.fiscal_period_key
    cross join
        lateral (
            values
            ('month', fiscal_period.start_date, 1),
            ('year_to_date', financial_year.start_date, fiscal_period.period_number),
            (
                'rolling_12',
                (fiscal_period.month_date - interval '11 months')::date,
                12
            )
        ) as spans (span, from_date, month_count)
    where fiscal_period.has_ledger

),

flow as (

    select
        income.organization_id,
        income.fiscal_period_key,
        statement_line.line_code,
        spans.span,
        spans.amount,
        spans.last_year_amount,
        spans.deviation_amount
    from mart.income_statement as income
    inner join mart.dim_statement_line as statement_line
        on income.statement_line_key = statement_line.statement_line_key
    inner join mart.dim_fiscal_period as fiscal_period
        on
            income.organization_id = fiscal_period.organization_id
            and income.fiscal_period_key = fiscal_period.fiscal_period_key
    left join mart.income_statement as last_year
        on
            fiscal_period.organization_id = last_year.organization_id
            and fiscal_period.last_year_period_key = last_year.fiscal_period_key
            and income.statement_line_key = last_year.statement_line_key
    cross join lateral (
        values
        ('month', income.amount, income.last_year_amount, income.deviation_amount),
        (
            'year_to_date', income.year_to_date_amount, income.last_year_to_date_amount,
            income.deviation_to_date_amount
        ),
        ('rolling_12', income.rolling_12_amount, last_year.rolling_12_amount, null)
    ) as spans (span, amount, last_year_amount, deviation_amount)

),

balance as (

    select
        sheet.organization_id,
        sheet.fiscal_period_key,
        statement_line.line_code,
        spans.span,
        spans.beginning_amount,
        sheet.closing_amount
    from mart.balance_sheet as sheet
    inner join mart.dim_statement_line as statement_line
        on sheet.statement_line_key = statement_line.statement_line_key
    cross join lateral (
        values
        ('month', sheet.opening_amount),
        ('year_to_date', sheet.opening_of_year_amount),
        ('rolling_12', sheet.last_year_closing_amount)
    ) as spans (span, beginning_amount)

),

moved_cash as (

    select
        cash_flow.organization_id,
        cash_flow.fiscal_period_key,
        statement_line.line_code,
        spans.span,
        spans.amount
    from mart.cash_flow as cash_flow
    inner join mart.dim_statement_line as statement_line
        on cash_flow.statement_line_key = statement_line.statement_line_key
    cross join lateral (
        values
        ('month', cash_flow.amount),
        ('year_to_date', cash_flow.year_to_date_amount),
        ('rolling_12', cash_flow.rolling_12_amount)
    ) as spans (span, amount)

),

account_range as (

    select
        code,
        split_part(code, '-', 1)::int as account_from,
        split_part(code, '-', 2)::int as account_to
    from needed
    where source in ('accounts_flow', 'accounts_closing', 'accounts_average')
    group by code

),

ranged_period as (

    select
        account_balance.organization_id,
        account_balance.fiscal_period_key,
        account_range.code,
        sum(account_balance.opening_balance) as opening_amount,
        sum(account_balance.net_amount) as net_amount,
        sum(account_balance.closing_balance) as closing_amount
    from mart.fct_account_balance_period as account_balance
    inner join mart.dim_account as dim_account
        on
            account_balance.organization_id = dim_account.organization_id
            and account_balance.account_key = dim_account.account_key
    inner join account_range
        on
            dim_account.bas_number
            between account_range.account_from and account_range.account_to
    group by
        account_balance.organization_id,
        account_balance.fiscal_period_key,
        account_range.code

),

ranged as (

    select
        fiscal_period.organization_id,
        fiscal_period.fiscal_period_key,
        account_range.code,
        coalesce(ranged_period.closing_amount, 0) as closing_amount,
        coalesce(ranged_period.opening_amount, 0) as opening_amount,
        coalesce(first_value(ranged_period.opening_amount) over of_year, 0)
            as opening_of_year_amount,
        coalesce(last_year.closing_amount, 0) as last_year_closing_amount,
        coalesce(ranged_period.net_amount, 0) as net_amount,
        coalesce(sum(ranged_period.net_amount) over of_year, 0) as to_date_amount,
        coalesce(sum(ranged_period.net_amount) over rolling_12, 0) as rolling_12_amount
    from mart.dim_fiscal_period as fiscal_period
    cross join account_range
    left join ranged_period
        on
            fiscal_period.organization_id = ranged_period.organization_id
            and fiscal_period.fiscal_period_key = ranged_period.fiscal_period_key
            and account_range.code = ranged_period.code
    left join ranged_period as last_year
        on
            fiscal_period.organization_id = last_year.organization_id
            and fiscal_period.last_year_period_key = last_year.fiscal_period_key
            and account_range.code = last_year.code
    where fiscal_period.has_ledger
    window
        of_year as (
            partition by
                fiscal_period.organization_id,
                fiscal_period.financial_year_key,
                account_range.code
            order by fiscal_period.period_number
            rows between unbounded preceding and current row
        ),
        rolling_12 as (
            partition by fiscal_period.organization_id, account_range.code
            order by fiscal_period.month_date
            range between interval '11 months' preceding and current row
        )

),

ranged_span as (

    select
        ranged.organization_id,
        ranged.fiscal_period_key,
        ranged.code,
        spans.span,
        spans.amount,
        spans.beginning_amount,
        ranged.closing_amount
    from ranged
    cross join lateral (
        values
        ('month', ranged.net_amount, ranged.opening_amount),
        ('year_to_date', ranged.to_date_amount, ranged.opening_of_year_amount),
        ('rolling_12', ranged.rolling_12_amount, ranged.last_year_closing_amount)
    ) as spans (span, amount, beginning_amount)

),

-- a sub-ledger counts by days, so that a span is any days
subledger_span as (

    select
        period_span.organization_id,
        period_span.fiscal_period_key,
        period_span.span,
        roll_forward.side,
        sum(roll_forward.invoiced_amount + roll_forward.credited_amount) as invoiced_amount,
        (array_agg(roll_forward.opening_amount order by reached.start_date))[1]
            as beginning_amount,
        (array_agg(roll_forward.closing_amount order by reached.start_date desc))[1]
            as closing_amount
    from period_span
    inner join mart.dim_fiscal_period as reached
        on
            period_span.organization_id = reached.organization_id
            and period_span.from_date <= reached.end_date
            and period_span.end_date >= reached.end_date
            and reached.has_ledger
    inner join mart.subledger_roll_forward as roll_forward
        on
            reached.organization_id = roll_forward.organization_id
            and reached.fiscal_period_key = roll_forward.fiscal_period_key
    group by
        period_span.organization_id,
        period_span.fiscal_period_key,
        period_span.span,
        roll_forward.side

),

paid_span as (

    select
        period_span.organization_id,
        period_span.fiscal_period_key,
        period_span.span,
        behaviour.side,
        sum(behaviour.paid_amount) as paid_amount,
        sum(behaviour.days_to_pay_product) as days_to_pay_product
    from period_span
    inner join mart.dim_fiscal_period as reached
        on
            period_span.organization_id = reached.organization_id
            and period_span.from_date <= reached.end_date
            and period_span.end_date >= reached.end_date
            and reached.has_ledger
    inner join mart.payment_behaviour as behaviour
        on
            reached.organization_id = behaviour.organization_id
            and reached.fiscal_period_key = behaviour.fiscal_period_key
    group by
        period_span.organization_id,
        period_span.fiscal_period_key,
        period_span.span,
        behaviour.side

),

open_at_end as (

    select
        organization_id,
        side,
        as_of_date,
        sum(open_amount) as open_amount,
        coalesce(sum(open_amount) filter (
            where days_overdue > 0 and open_amount > 0
        ), 0) as overdue_amount
    from mart.fct_open_item
    where is_period_end
    group by organization_id, side, as_of_date

),

final as (

    select
        -- keys
        period_span.organization_id,
        period_span.fiscal_period_key,
        period_span.span,
        needed.source,
        needed.code,

        -- measures
        case needed.source
            when 'flow'
                then case when period_span.is_known then coalesce(flow.amount, 0) end
            when 'taxed_flow'
                then
                    case
                        when period_span.is_known
                            then coalesce(flow.amount, 0) * period_span.tax_rate
                    end
            when 'flow_per_day'
                then
                    case
                        when period_span.is_known
                            then coalesce(flow.amount, 0) / period_span.day_count
                    end
            when 'last_year_flow'
                then
                    case
                        when period_span.is_last_year_known
                            then coalesce(flow.last_year_amount, 0)
                    end
            when 'deviation' then flow.deviation_amount
            when 'closing' then coalesce(balance.closing_amount, 0)
            when 'taxed_closing'
                then coalesce(balance.closing_amount, 0) * period_span.tax_rate
            when 'average'
                then
                    case
                        when period_span.is_beginning_known
                            then
                                (
                                    coalesce(balance.beginning_amount, 0)
                                    + coalesce(balance.closing_amount, 0)
                                ) / 2
                    end
            when 'taxed_average'
                then
                    case
                        when period_span.is_beginning_known
                            then
                                (
                                    coalesce(balance.beginning_amount, 0)
                                    + coalesce(balance.closing_amount, 0)
                                ) / 2 * period_span.tax_rate
                    end
            when 'cash_per_month'
                then
                    case
                        when period_span.is_known
                            then coalesce(moved_cash.amount, 0) / period_span.month_count
                    end
            when 'accounts_flow'
                then case when period_span.is_known then ranged_span.amount end
            when 'accounts_closing' then ranged_span.closing_amount
            when 'accounts_average'
                then
                    case
                        when period_span.is_beginning_known
                            then (ranged_span.beginning_amount + ranged_span.closing_amount) / 2
                    end
            when 'subledger_average'
                then
                    case
                        when period_span.is_known
                            then
                                (
                                    subledger_span.beginning_amount
                                    + subledger_span.closing_amount
                                ) / 2
                    end
            when 'subledger_per_day'
                then
                    case
                        when period_span.is_known
                            then subledger_span.invoiced_amount / period_span.day_count
                    end
            when 'open' then open_at_end.open_amount
            when 'overdue' then open_at_end.overdue_amount
            when 'paid'
                then case when period_span.is_known then paid_span.paid_amount end
            when 'days_to_pay'
                then case when period_span.is_known then paid_span.days_to_pay_product end
        end as input_value
    from period_span
    cross join needed
    left join flow
        on
            period_span.organization_id = flow.organization_id
            and period_span.fiscal_period_key = flow.fiscal_period_key
            and period_span.span = flow.span
            and needed.code = flow.line_code
    left join balance
        on
            period_span.organization_id = balance.organization_id
            and period_span.fiscal_period_key = balance.fiscal_period_key
            and period_span.span = balance.span
            and needed.code = balance.line_code
    left join moved_cash
        on
            period_span.organization_id = moved_cash.organization_id
            and period_span.fiscal_period_key = moved_cash.fiscal_period_key
            and period_span.span = moved_cash.span
            and needed.code = moved_cash.line_code
    left join ranged_span
        on
            period_span.organization_id = ranged_span.organization_id
            and period_span.fiscal_period_key = ranged_span.fiscal_period_key
            and period_span.span = ranged_span.span
            and needed.code = ranged_span.code
    left join subledger_span
        on
            period_span.organization_id = subledger_span.organization_id
            and period_span.fiscal_period_key = subledger_span.fiscal_period_key
            and period_span.span = subledger_span.span
            and needed.code = subledger_span.side
    left join paid_span
        on
            period_span.organization_id = paid_span.organization_id
            and period_span.fiscal_period_key = paid_span.fiscal_period_key
            and period_span.span = paid_span.span
            and needed.code = paid_span.side
    left join open_at_end
        on
            period_span.organization_id = open_at_end.organization_id
            and period_span.end_date = open_at_end.as_of_date
            and needed.code = open_at_end.side
    where needed.source <> 'kpi'

)

select * from final;
