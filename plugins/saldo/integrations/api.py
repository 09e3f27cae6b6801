"""The same actions by script: a REST API below /saldo/api/v1, with Airflow's own tokens.

Looking is guarded as the reading of DAGs is, changing as the writing of connections. Errors are answered as
Airflow's API does, with a `detail`. What is secret goes in and never comes out, not in an error either: that
names a field that is wrong and not what stood in it (saldo.integrations.failures).
"""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from saldo import organizations
from saldo.fortnox import connecting, consent, invitations
from saldo.fortnox.connecting import Connected
from saldo.fortnox.errors import CredentialsUnansweredError, FortnoxError, TemporaryError
from saldo.fortnox.invitations import Listed
from saldo.integrations import actions, airflow_side, approving, audit
from saldo.integrations.airflow_side import base_url, dag_states, read_dags_now
from saldo.integrations.audit import about
from saldo.integrations.company import OpeningPolicy
from saldo.integrations.guards import may_change, may_read
from saldo.integrations.overview import Line, Status, lines
from saldo.integrations.pages import texts
from saldo.organizations import Schedule, Settings

PREFIX = "/api/v1"


class Problem(BaseModel):
    """Why something was not done, in one sentence, or field by field."""

    detail: str | list[dict[str, Any]]


def _answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem} for status in (400, 401, 403, *statuses)}


router = APIRouter(prefix=PREFIX, tags=["Companies"])
_DAG_ID = r"^(fortnox__[0-9]{1,18}|sie__f[0-9a-f]{12})$"
_DagId = Annotated[str, Path(description="The id of the company's DAG", pattern=_DAG_ID)]


class Lines(BaseModel):
    """A page of the list, oldest first, and how many companies there are with this status."""

    companies: list[Line]
    total: int


class Company(BaseModel):
    """What is decided about a company."""

    name: str
    tenant_id: str
    dag_id: str
    is_connected: bool
    schedule: Schedule
    opening_policy: OpeningPolicy
    modules: list[str] = Field(description="The modules that are fetched, as scopes of Fortnox's")
    readers: list[str]
    workspace_id: str
    dataset_id: str


class Decided(BaseModel):
    """What to decide anew; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    schedule: Schedule | None = None
    opening_policy: OpeningPolicy | None = None
    modules: list[str] | None = Field(None, description="All others are switched off")
    readers: list[str] | None = Field(None, description="E-mail addresses", max_length=500)
    workspace_id: str | None = Field(None, description="Empty: none")
    dataset_id: str | None = Field(None, description="Empty: none")


class Key(BaseModel):
    """What a company is connected by: one of the three."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str | None = Field(
        None,
        pattern=r"^[0-9]{1,18}$",
        description="Fortnox's DatabaseNumber, where the company approved a service account",
    )
    code: SecretStr | None = Field(
        None, max_length=4000, description="An approval's code, or the whole address the browser ended on"
    )
    access_token: SecretStr | None = Field(
        None, max_length=4000, description="One of the kind that never ended, changed once"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Key:
        if sum(each is not None for each in (self.tenant_id, self.code, self.access_token)) != 1:
            raise ValueError("Give one of tenant_id, code and access_token")
        return self


class Connection(BaseModel):
    """A company that is connected now."""

    dag_id: str
    name: str
    is_new: bool = Field(description="False: it was connected before, and its access is renewed")
    access: str = Field(description="client_credentials or refresh_token")
    note: str


class Pause(BaseModel):
    """Whether the company's runs are to be paused."""

    model_config = ConfigDict(extra="forbid")

    is_paused: bool


class Erasure(BaseModel):
    """The company's name, letter for letter."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=400)


class End(BaseModel):
    """How a connection ended."""

    is_ended_at_fortnox: bool = Field(
        description="False: the approval stands until the company removes it in Fortnox"
    )


class NewLink(BaseModel):
    """A link to make for a company's administrator."""

    model_config = ConfigDict(extra="forbid")

    addressee: str = Field(min_length=1, max_length=200)
    organization_number: str = Field("", pattern=r"^$|^[0-9]{6}-?[0-9]{4}$")
    modules: list[str] = Field(default_factory=consent.modules)


class Link(BaseModel):
    """A link, shown once."""

    link: str


@router.get("/companies", dependencies=may_read, responses=_answers(422, 503))
def list_companies(
    session: SessionDep,
    status: Annotated[Status | None, Query(description="Only those of this status")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Lines:
    """The companies."""
    found = [line for line in lines(dag_states(session)) if status in (None, line["status"])]
    return Lines(companies=[Line(**line) for line in found[offset : offset + limit]], total=len(found))


@router.get("/companies/{dag_id}", dependencies=may_read, responses=_answers(404, 422, 503))
def get_company(dag_id: _DagId) -> Company:
    """What is decided about a company."""
    return _shown(_company(dag_id))


@router.patch("/companies/{dag_id}", dependencies=may_change, responses=_answers(404, 422, 503))
def change_company(session: SessionDep, dag_id: _DagId, wanted: Decided) -> Company:
    """Decides anew about a company; its next run goes by it."""
    found = _company(dag_id)
    now = _shown(found)
    modules = now.modules if wanted.modules is None else wanted.modules
    try:
        decided = Settings(
            schedule=wanted.schedule or now.schedule,
            modules_off=frozenset(consent.modules()) - set(modules),
            readers=tuple(now.readers if wanted.readers is None else wanted.readers),
            workspace_id=now.workspace_id if wanted.workspace_id is None else wanted.workspace_id,
            dataset_id=now.dataset_id if wanted.dataset_id is None else wanted.dataset_id,
        )
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    actions.decide(session, found, decided, (wanted.opening_policy or now.opening_policy).value)
    return _shown(_company(dag_id))


@router.post("/companies/{dag_id}/pause", dependencies=may_change, status_code=204,
             responses=_answers(404, 422, 503))  # fmt: skip
def pause_company(session: SessionDep, dag_id: _DagId, wanted: Pause) -> None:
    """Pauses a company's runs, or lets them go on."""
    airflow_side.pause(session, _company(dag_id).dag_id, wanted.is_paused)


@router.delete("/companies/{dag_id}", dependencies=may_change, responses=_answers(404, 422, 503))
def disconnect_company(session: SessionDep, dag_id: _DagId) -> End:
    """Disconnects a company: its runs stop and its access is forgotten; its data stay."""
    return End(is_ended_at_fortnox=actions.disconnect(session, _company(dag_id)))


@router.post("/companies/{dag_id}/erase", dependencies=may_change, status_code=204,
             responses=_answers(404, 409, 422, 503))  # fmt: skip
def erase_company(
    request: Request, session: SessionDep, user: GetUserDep, dag_id: _DagId, typed: Erasure
) -> None:
    """Removes all that is kept of a disconnected company. It cannot be had back."""
    try:
        actions.erase(session, _company(dag_id), typed.name)
    except actions.NotErasedError as error:
        raise HTTPException(409, texts("en")[str(error)]) from None
    audit.write(request, session, "saldo_erased", user.get_name())


@router.post("/connections", dependencies=may_change, status_code=201, responses={
    200: {"model": Connection, "description": "It was connected before"}, **_answers(409, 422, 503)
})  # fmt: skip
def connect_company(request: Request, response: Response, session: SessionDep, key: Key) -> Connection:
    """Connects a company by a key; its first run starts by itself. Once more does no harm."""
    _need_app()
    before = {organization.dag_id for organization in organizations.read().organizations}
    try:
        connected = _connected(key)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    except FortnoxError as error:
        raise _refused(error) from None
    dag_id = connected.organization.dag_id
    about(request, dag_id)
    read_dags_now(session)
    is_new = dag_id not in before
    response.status_code = 201 if is_new else 200
    return Connection(
        dag_id=dag_id,
        name=connected.organization.name,
        is_new=is_new,
        access=connected.kind.value,
        note=connected.note,
    )


@router.post("/app/test", dependencies=may_change, status_code=204, responses=_answers(409, 422, 503))
def test_app() -> None:
    """Has Fortnox look at your app's client id and secret."""
    _need_app()
    try:
        connecting.try_app()
    except FortnoxError as error:
        raise _refused(error) from None


@router.get("/links", dependencies=may_change, responses=_answers(503))
def list_links() -> list[Listed]:
    """The newest hundred links that were made for administrators."""
    return invitations.overview()


@router.post("/links", dependencies=may_change, status_code=201, responses=_answers(409, 422, 503))
def create_link(user: GetUserDep, wanted: NewLink) -> Link:
    """Makes a link for a company's administrator: for one company, once, for seven days."""
    _need_app()
    try:
        key = invitations.make(
            wanted.addressee, wanted.organization_number, consent.scopes(wanted.modules), user.get_name()
        )
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return Link(link=approving.link(key))


@router.delete("/links/{invitation_id}", dependencies=may_change, status_code=204,
               responses=_answers(404, 422, 503))  # fmt: skip
def delete_link(invitation_id: Annotated[int, Path(ge=1, lt=2**63)]) -> None:
    """Ends a link that was not used."""
    if not invitations.revoke(invitation_id):
        raise HTTPException(404, "There is no such link that could still be used")


def add_to(app: FastAPI) -> None:
    """Puts the API and its description into the pages' app."""
    app.include_router(router)

    @app.get(f"{PREFIX}/openapi.json", dependencies=may_read, include_in_schema=False)
    def description() -> dict[str, Any]:
        """The API as OpenAPI describes it."""
        return get_openapi(
            title="Saldo",
            version="1",
            description="What the pages do, by script. The token is Airflow's own: POST /auth/token.",
            routes=router.routes,
            servers=[{"url": f"{base_url()}/saldo"}],
        )


def _company(dag_id: str) -> actions.Company:
    try:
        return actions.company(dag_id)
    except LookupError as error:
        raise HTTPException(404, str(error)) from None


def _shown(of: actions.Company) -> Company:
    off = of.modules_off.split()
    return Company(
        name=of.name,
        tenant_id=of.tenant_id,
        dag_id=of.dag_id,
        is_connected=of.is_connected,
        schedule=Schedule(of.schedule),
        opening_policy=OpeningPolicy(of.opening_policy),
        modules=[module for module in consent.modules() if module not in off],
        readers=of.readers.split(),
        workspace_id=of.workspace_id,
        dataset_id=of.dataset_id,
    )


def _connected(key: Key) -> Connected:
    if key.tenant_id is not None:
        return connecting.connect_with_tenant_id(key.tenant_id)
    if key.code is not None:
        return connecting.connect_with_code(key.code.get_secret_value())
    assert key.access_token is not None
    return connecting.connect_with_legacy_token(key.access_token.get_secret_value())


def _need_app() -> None:
    if consent.app() is None:
        raise HTTPException(409, texts("en")["no_app"])


def _refused(error: FortnoxError) -> HTTPException:
    is_later = isinstance(error, TemporaryError | CredentialsUnansweredError)
    return HTTPException(503 if is_later else 422, str(error))
