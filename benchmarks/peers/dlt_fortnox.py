"""Fortnox by dlt's REST source, as somebody who uses dlt would write it; runs in dlt's own environment.

    python dlt_fortnox.py config.json out.json

config.json: ``api`` and ``oauth`` (their addresses), ``client_id``, ``client_secret``, ``tenant``, ``limit``
and ``resources`` for dlt's declarative configuration. out.json: the records of each resource, as dlt gives
them to whatever it loads into. Nothing here is Saldo's: authentication and paging are dlt's.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration import configspec
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.rest_api import rest_api_source


@configspec
class FortnoxCredentials(OAuth2ClientCredentials):
    """Client credentials as Fortnox wants them: by Basic, for the tenant in a header."""

    tenant: str = ""

    def build_access_token_request(self) -> dict[str, Any]:
        """dlt's own request has the client in its body; this is where dlt documents that one changes it."""
        client = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return {
            "headers": {"Authorization": f"Basic {client}", "TenantId": self.tenant},
            "data": {"grant_type": "client_credentials"},
        }


def source(config: dict[str, Any]) -> Any:
    """All configured resources of one company, as a dlt source."""
    auth = FortnoxCredentials(
        access_token_url=f"{config['oauth']}/token",
        client_id=config["client_id"],
        client_secret=config["client_secret"],
        tenant=config["tenant"],
    )
    return rest_api_source(
        {
            "client": {
                "base_url": f"{config['api']}/",
                "auth": auth,
                "paginator": {
                    "type": "page_number",
                    "base_page": 1,
                    "total_path": 'MetaInformation."@TotalPages"',
                },
            },
            "resource_defaults": {"endpoint": {"params": {"limit": config["limit"]}}},
            "resources": config["resources"],
        }
    )


def main() -> None:
    """Read everything and write it down."""
    config = json.loads(Path(sys.argv[1]).read_text())
    found = source(config)
    records = {name: list(resource) for name, resource in found.resources.items()}
    Path(sys.argv[2]).write_text(json.dumps({"dlt": dlt.__version__, "records": records}, default=str))


if __name__ == "__main__":
    main()
