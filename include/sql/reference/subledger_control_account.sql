-- grain: sub-ledger x range of its control accounts
-- key:   side, account_from
-- why:   what the sub-ledger should come to in the ledger; 1518, 1519 and 2448 are by their names
--        not of the sub-ledger (ej reskontraförda, värdereglering). sign turns a ledger amount
--        (debit +) into the sub-ledger's
create table mart.subledger_control_account (
    side text not null check (side in ('receivable', 'payable')),
    account_from int not null,
    account_to int not null,
    sign int not null check (sign in (-1, 1)),
    primary key (side, account_from)
);
