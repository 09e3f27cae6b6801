-- grain: range of BAS accounts for dealings with companies of the same group
-- key:   account_from
-- why:   what a sum over a group contains twice: claims and debts, interest and contributions
--        within it. Sales within a group have no accounts of their own in BAS
create table mart.intra_group_account (
    account_from int primary key,
    account_to int not null,
    check (account_from <= account_to)
);
