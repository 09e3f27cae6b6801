-- why: relations just filled have no statistics yet, and analyze inside the transaction would hold
--      a lock that the builds of other organizations wait for; without statistics a hash join is
--      right at any size, a nested loop only at few rows. The server looks whether the client still
--      lives, so that a killed build's lock is free at once
select
    set_config('enable_nestloop', 'off', true) as enable_nestloop,
    set_config('client_connection_check_interval', '1s', true) as connection_check,
    set_config('jit', 'off', true) as jit,
    set_config('work_mem', '64MB', true) as work_mem
