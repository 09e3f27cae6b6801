-- why: marts made anew, or from other files, hold no year's rows
delete from control.ledger_year_built
