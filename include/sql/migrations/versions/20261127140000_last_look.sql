-- why: null is one that was never connected: its access is stored, since Fortnox gives it once, and
--      nothing is fetched before somebody has seen that it is the right company
alter table control.organization
alter column connected_at drop not null,
alter column connected_at drop default;
