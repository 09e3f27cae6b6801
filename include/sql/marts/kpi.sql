-- grain:  organization x fiscal period with a ledger x span (month, year_to_date, rolling_12) x key
--         figure that has a meaning over the span
-- key:    organization_id, fiscal_period_key, span, kpi_key
-- inputs: kpi_input, dim_fiscal_period, mart.dim_kpi, mart.kpi_component
-- why:    numerator over denominator, as kpi_component defines them; percent is times 100. Empty
--         where a part cannot be known or a denominator is not above zero, since a ratio to
--         nothing, or to a debt, says nothing
create table mart.kpi (
    organization_id bigint not null,
    fiscal_period_key bigint not null,
    span text not null,
    kpi_key int not null,
    financial_year_key bigint not null,
    date_key int not null,
    value numeric(22, 4),
    numerator_value numeric(22, 4),
    denominator_value numeric(22, 4),
    last_year_value numeric(22, 4),
    primary key (organization_id, fiscal_period_key, span, kpi_key)
);

insert into mart.kpi (
    organization_id, fiscal_period_key, span, kpi_key, financial_year_key, date_key, value,
    numerator_value, denominator_value, last_year_value
)
with

part as (

    select
        kpi_input.organization_id,
        kpi_input.fiscal_period_key,
        kpi_input.span,
        component.kpi_code,
        component.part,
        case
            when count(*) = count(kpi_input.input_value)
                then sum(component.weight * kpi_input.input_value)
        end as amount
    from mart.kpi_input as kpi_input
    inner join mart.kpi_component as component
        on
            kpi_input.source = component.source
            and kpi_input.code = component.code
    group by
        kpi_input.organization_id,
        kpi_input.fiscal_period_key,
        kpi_input.span,
        component.kpi_code,
        component.part

),

simple as (

    select
        numerator.organization_id,
        numerator.fiscal_period_key,
        numerator.span,
        dim_kpi.kpi_key,
        dim_kpi.kpi_code,
        dim_kpi.unit,
        numerator.amount as numerator_value,
        denominator.amount as denominator_value,
        case
            when denominator.kpi_code is null then numerator.amount
            when denominator.amount > 0 then numerator.amount / denominator.amount
        end * case dim_kpi.unit when 'percent' then 100 else 1 end as value
    from part as numerator
    inner join mart.dim_kpi as dim_kpi on numerator.kpi_code = dim_kpi.kpi_code
    left join part as denominator
        on
            numerator.organization_id = denominator.organization_id
            and numerator.fiscal_period_key = denominator.fiscal_period_key
            and numerator.span = denominator.span
            and numerator.kpi_code = denominator.kpi_code
            and denominator.part = 'denominator'
    where numerator.part = 'numerator'

),

part_of_others as (

    select
        simple.organization_id,
        simple.fiscal_period_key,
        simple.span,
        component.kpi_code,
        component.part,
        case
            when count(*) = count(simple.value) then sum(component.weight * simple.value)
        end as amount
    from simple
    inner join mart.kpi_component as component
        on
            component.source = 'kpi'
            and simple.kpi_code = component.code
    group by
        simple.organization_id,
        simple.fiscal_period_key,
        simple.span,
        component.kpi_code,
        component.part

),

figure as (

    select
        organization_id,
        fiscal_period_key,
        span,
        kpi_key,
        value,
        numerator_value,
        denominator_value
    from simple
    union all
    select
        numerator.organization_id,
        numerator.fiscal_period_key,
        numerator.span,
        dim_kpi.kpi_key,
        case
            when denominator.kpi_code is null then numerator.amount
            when denominator.amount > 0 then numerator.amount / denominator.amount
        end as value,
        numerator.amount as numerator_value,
        denominator.amount as denominator_value
    from part_of_others as numerator
    inner join mart.dim_kpi as dim_kpi on numerator.kpi_code = dim_kpi.kpi_code
    left join part_of_others as denominator
        on
            numerator.organization_id = denominator.organization_id
            and numerator.fiscal_period_key = denominator.fiscal_period_key
            and numerator.span = denominator.span
            and numerator.kpi_code = denominator.kpi_code
            and denominator.part = 'denominator'
    where numerator.part = 'numerator'

),

final as (

    select
        -- keys
        figure.organization_id,
        figure.fiscal_period_key,
        figure.span,
        figure.kpi_key,
        fiscal_period.financial_year_key,
        fiscal_period.date_key,

        -- measures
        round(figure.value, 4) as value,
        round(figure.numerator_value, 4) as numerator_value,
        round(figure.denominator_value, 4) as denominator_value,
        round(last_year.value, 4) as last_year_value
    from figure
    inner join mart.dim_kpi as dim_kpi
        on
            figure.kpi_key = dim_kpi.kpi_key
            and (
                dim_kpi.spans = 'all'
                or figure.span = any(string_to_array(dim_kpi.spans, ','))
            )
    inner join mart.dim_fiscal_period as fiscal_period
        on
            figure.organization_id = fiscal_period.organization_id
            and figure.fiscal_period_key = fiscal_period.fiscal_period_key
    left join figure as last_year
        on
            fiscal_period.organization_id = last_year.organization_id
            and fiscal_period.last_year_period_key = last_year.fiscal_period_key
            and figure.span = last_year.span
            and figure.kpi_key = last_year.kpi_key

)

select * from final;
