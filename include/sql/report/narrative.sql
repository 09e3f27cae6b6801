-- why: what changed in the month, in words, as the marts say it
select case %(language)s when 'en' then text_en else text_sv end as sentence
from mart.narrative
where fiscal_period_key = %(period)s
order by sentence_number
