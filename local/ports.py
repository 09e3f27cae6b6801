"""The one place of the ports that Saldo takes on this machine, all of them on 127.0.0.1."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

from local import LocalError

ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """The ports of one stack. Each variable can be given to make: `make up AIRFLOW_PORT=9080`."""

    airflow: int = 8080
    sandbox: int = 8090
    warehouse: int = 8432

    @property
    def sandbox_token(self) -> int:
        """The sandbox's https port: azure-identity asks for tokens over TLS only."""
        return self.sandbox + 1

    def listening(self) -> dict[str, tuple[int, str]]:
        """Who listens: {what: (port, the variable that moves it)}."""
        return {
            "Airflow": (self.airflow, "AIRFLOW_PORT"),
            "the sandbox": (self.sandbox, "SANDBOX_PORT"),
            "the sandbox's token service": (self.sandbox_token, "SANDBOX_PORT"),
            "the warehouse": (self.warehouse, "WAREHOUSE_PORT"),
        }


def chosen(environment: Mapping[str, str], remembered: Ports | None = None) -> Ports:
    """The ports given in the environment, else those of the last time, else the defaults.

    Raises:
        LocalError: a value is no port, or two of them are the same.
    """
    base = remembered or Ports()
    ports = Ports(
        airflow=_port(environment, "AIRFLOW_PORT", base.airflow),
        sandbox=_port(environment, "SANDBOX_PORT", base.sandbox),
        warehouse=_port(environment, "WAREHOUSE_PORT", base.warehouse),
    )
    seen: dict[int, tuple[str, str]] = {}
    for what, (port, variable) in ports.listening().items():
        if port in seen:
            other, other_variable = seen[port]
            raise LocalError(
                f"{other} ({other_variable}) and {what} ({variable}) would both take port {port}: "
                f"give one of them another, like {variable}={_another(port)}."
            )
        seen[port] = (what, variable)
    return ports


def refuse_taken(ports: Ports, ours: frozenset[int] = frozenset()) -> None:
    """Makes sure that every port is free, or in `ours`.

    Raises:
        LocalError: one is taken; the sentence names the port, its variable and what to give instead.
    """
    for what, (port, variable) in ports.listening().items():
        if port in ours:
            continue
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                # A connection that ended lately still holds the address for a minute, and hinders nobody.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((ADDRESS, port))
                probe.listen(1)
        except PermissionError:
            raise LocalError(
                f"Port {port} ({variable}) for {what} needs more rights than you have: "
                f"give one above 1023, like make up {variable}={_another(port + 8000)}."
            ) from None
        except OSError:
            raise LocalError(
                f"Port {port} ({variable}) for {what} is taken by another program: end that, "
                f"or give another port, like make up {variable}={_another(port)}."
            ) from None


def _port(environment: Mapping[str, str], variable: str, default: int) -> int:
    given = environment.get(variable, "").strip()
    if not given:
        return default
    # SANDBOX_PORT takes its neighbour too.
    highest = 65534 if variable == "SANDBOX_PORT" else 65535
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= highest):
        raise LocalError(f"{variable}={given} is no port: give a number from 1 to {highest}.")
    return int(given)


def _another(port: int) -> int:
    return port + 1000 if port + 1000 <= 65000 else port - 1000
