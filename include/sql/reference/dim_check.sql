-- grain: check that Saldo ships
-- key:   check_name
-- why:   what a check found is read by those who do the books: its name and what it means to them
create table mart.dim_check (
    check_name text primary key,
    name_sv text not null,
    name_en text not null,
    meaning_sv text not null,
    meaning_en text not null
);
