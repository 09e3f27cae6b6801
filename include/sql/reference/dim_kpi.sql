-- grain: key figure
-- key:   kpi_key (also the order)
-- why:   what each key figure is called, is computed of, and over which spans of time it has a
--        meaning; its parts are kpi_component's. good says whether more of it is better
create table mart.dim_kpi (
    kpi_key int primary key,
    kpi_code text not null unique,
    unit text not null check (
        unit in ('sek', 'sek_per_month', 'percent', 'ratio', 'days', 'months')
    ),
    good text not null check (good in ('high', 'low', 'neutral')),
    spans text not null,
    name_sv text not null,
    name_en text not null,
    formula_sv text not null,
    formula_en text not null,
    accounts text not null
);
