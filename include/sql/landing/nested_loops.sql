-- why: a company's new documents have no statistics yet; a hash join is right at any size, a nested
--      loop only at few rows
select set_config('enable_nestloop', %(allowed)s, true)
