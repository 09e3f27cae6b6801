-- purpose: a login for the organization's report; gives its name
select control.make_report_login(%(verifier)s) as login_name
