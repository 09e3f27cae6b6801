"""``python -m sandbox``: read the arguments, make or read the companies, take the ports, serve."""

from __future__ import annotations

import argparse
import gc
import socket
import sys
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sandbox.books import Company
from sandbox.demo import demo_companies
from sandbox.made_up import CompanySpecification, make_up
from sandbox.sie_files import SieFileError, read_companies
from sandbox.state import STOCKHOLM, Settings, State


class _RefusedError(Exception):
    """Why the sandbox does not start, in one sentence."""


def main() -> int:
    """Run the sandbox until it is told to stop; 2 where it cannot start, with the reason on stderr."""
    options = _arguments()
    try:
        companies = _companies(options)
        api, token = (
            _bind(options.host, options.port, "--port"),
            _bind(options.host, options.token_port, "--token-port"),
        )
    except (_RefusedError, SieFileError) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 2
    from sandbox.server import serve  # here, since it takes most of a second and a refusal should not
    from sandbox.tls import make_certificates

    certificate = make_certificates(options.directory, options.certificate_name)
    state = State(
        {company.tenant_id: company for company in companies},
        Settings(
            latency_ms=options.latency_ms,
            refresh_seconds=options.refresh_seconds,
            api_code_tenant=companies[-1].tenant_id if companies else None,
        ),
    )
    print(
        f"Sandbox with {len(companies)} companies: Fortnox and Power BI on "
        f"http://{options.host}:{options.port}, Entra on https://{options.host}:{options.token_port}",
        flush=True,
    )
    serve(state, api, token, certificate)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("sandbox", description="A Fortnox and a Power BI to run against.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument(
        "--port", type=int, required=True, help="http: Fortnox, its tokens, Power BI and Fabric"
    )
    parser.add_argument(
        "--token-port", type=int, required=True, help="https: the token endpoint of Power BI and Fabric"
    )
    parser.add_argument("--directory", type=Path, required=True, help="where the certificates are kept")
    parser.add_argument(
        "--certificate-name",
        action="append",
        default=[],
        metavar="NAME",
        help="another host name that the token endpoint is reached by; may be repeated",
    )
    parser.add_argument("--latency-ms", type=int, default=200, help="time that a Fortnox answer takes")
    parser.add_argument("--refresh-seconds", type=float, default=4.0, help="time that a refresh runs")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--companies", default="demo", help="demo, or a JSON file with companies to make up")
    what.add_argument(
        "--sie",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="a SIE 4 file or a folder of them to serve as companies instead; may be repeated",
    )
    return parser.parse_args()


def _companies(options: argparse.Namespace) -> list[Company]:
    """What is to be served, kept out of the garbage collector: nothing of it is ever garbage, and looking
    through a large company's books again and again would hold up answers by seconds."""
    gc.disable()
    try:
        companies = _made_or_read(options)
        gc.freeze()
    finally:
        gc.enable()
    return companies


def _made_or_read(options: argparse.Namespace) -> list[Company]:
    if options.sie:
        return read_companies(options.sie)
    if options.companies == "demo":
        specifications = demo_companies(datetime.now(STOCKHOLM).date())
    else:
        specifications = _specifications(Path(options.companies))
    return [make_up(specification) for specification in specifications]


def _specifications(path: Path) -> list[CompanySpecification]:
    try:
        specifications = TypeAdapter(list[CompanySpecification]).validate_json(path.read_bytes())
    except OSError as error:
        raise _RefusedError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _RefusedError(
            f"{path} is not a list of companies to make up: {where}: {first['msg']}."
        ) from None
    tenants = [specification.tenant_id for specification in specifications]
    if len(set(tenants)) < len(tenants):
        raise _RefusedError(f"{path} gives two companies the same tenant_id.")
    return specifications


def _bind(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio else leaves Nagle's delay of 40 ms an answer on.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _RefusedError(
            f"port {port} on {host} cannot be used ({error.strerror}); choose another with {option}."
        ) from None
    return listener


if __name__ == "__main__":
    sys.exit(main())
