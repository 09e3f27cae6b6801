-- purpose: the login of an organization's report is gone with its grants
call control.drop_report_login(%(organization_id)s)
