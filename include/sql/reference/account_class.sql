-- grain: first digit of a BAS account number
-- key:   account_class
-- why:   class 0 stands for accounts outside 1000-8999
create table mart.account_class (
    account_class int primary key,
    name_sv text not null,
    name_en text not null
);
