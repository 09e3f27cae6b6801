-- purpose: what was published; figures are compared anew where the model is another
insert into control.publication (
    organization_id, workspace_id, connection_id, model_id, report_id, definition, release_digest,
    published_at
)
values (
    control.current_organization_id(), %(workspace_id)s, %(connection_id)s, %(model_id)s,
    %(report_id)s, %(definition)s, %(release_digest)s, now()
)
on conflict (organization_id) do update set
    workspace_id = excluded.workspace_id,
    connection_id = excluded.connection_id,
    model_id = excluded.model_id,
    report_id = excluded.report_id,
    definition = excluded.definition,
    release_digest = excluded.release_digest,
    published_at = excluded.published_at,
    compared_at = case
        when control.publication.model_id = excluded.model_id then control.publication.compared_at
    end
