-- purpose: which version of Saldo the published report came from; no row where nothing is published
select publication.release_digest
from control.publication
where publication.organization_id = control.current_organization_id()
