-- grain:  key figure x part (numerator, denominator) x what it sums
-- key:    kpi_code, part, source, code
-- inputs: dim_kpi
-- why:    definitions as data. source says how code is read: a line of a statement (flow,
--         last_year_flow, deviation, taxed_flow, flow_per_day, closing, average, taxed_closing,
--         taxed_average, cash_per_month), a range of accounts (accounts_*), a sub-ledger
--         (subledger_*, open, overdue, paid, days_to_pay) or another key figure (kpi). taxed is
--         times the corporate tax rate of the year
create table mart.kpi_component (
    kpi_code text not null references mart.dim_kpi (kpi_code),
    part text not null check (part in ('numerator', 'denominator')),
    source text not null check (
        source in (
            'flow', 'last_year_flow', 'deviation', 'taxed_flow', 'flow_per_day', 'closing',
            'average', 'taxed_closing', 'taxed_average', 'cash_per_month', 'accounts_flow',
            'accounts_closing', 'accounts_average', 'subledger_average', 'subledger_per_day',
            'open', 'overdue', 'paid', 'days_to_pay', 'kpi'
        )
    ),
    code text not null,
    weight int not null check (weight in (-1, 1)),
    primary key (kpi_code, part, source, code)
);
