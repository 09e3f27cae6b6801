"""Ports: one place, set by the environment, and one clear sentence when they cannot be had."""

from __future__ import annotations

import socket

import pytest

from local import LocalError
from local.ports import Ports, chosen, refuse_taken
from tests.sandbox.process import free_port


def free_ports() -> Ports:
    return Ports(airflow=free_port(), sandbox=free_port(), warehouse=free_port())


def test_the_environment_comes_before_the_last_time_and_that_before_the_defaults() -> None:
    assert chosen({}) == Ports(airflow=8080, sandbox=8090, warehouse=8432)
    remembered = Ports(airflow=9000, sandbox=9010, warehouse=9020)
    assert chosen({}, remembered) == remembered
    assert chosen({"AIRFLOW_PORT": "9100", "SANDBOX_PORT": ""}, remembered) == Ports(9100, 9010, 9020)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AIRFLOW_PORT", "http"),
        ("AIRFLOW_PORT", "0"),
        ("WAREHOUSE_PORT", "65536"),
        ("SANDBOX_PORT", "65535"),
        ("AIRFLOW_PORT", "-80"),
        ("AIRFLOW_PORT", "80.5"),
    ],
)
def test_what_is_no_port_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(
        LocalError, match=f"^{variable}={value} is no port: give a number from 1 to [0-9]+\\.$"
    ):
        chosen({variable: value})


def test_two_programs_cannot_share_a_port() -> None:
    with pytest.raises(
        LocalError, match=r"token service \(SANDBOX_PORT\) and the warehouse \(WAREHOUSE_PORT\)"
    ):
        chosen({"SANDBOX_PORT": "8431", "WAREHOUSE_PORT": "8432"})


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_one_sentence_with_its_variable_and_another_value(address: str) -> None:
    ports = free_ports()
    with socket.socket() as other:
        other.bind((address, ports.sandbox_token))
        other.listen()
        with pytest.raises(LocalError) as refused:
            refuse_taken(ports)
    assert str(refused.value) == (
        f"Port {ports.sandbox_token} (SANDBOX_PORT) for the sandbox's token service is taken by another "
        f"program: end that, or give another port, like make up SANDBOX_PORT={ports.sandbox_token + 1000}."
    )


def test_ports_that_are_ours_or_free_are_fine() -> None:
    ports = free_ports()
    refuse_taken(ports)
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", ports.airflow))
        mine.listen()
        refuse_taken(ports, frozenset({ports.airflow}))


def test_a_port_that_a_connection_ended_on_lately_is_free() -> None:
    ports = free_ports()
    address = ("127.0.0.1", ports.airflow)
    with socket.create_server(address) as server, socket.create_connection(address):
        accepted, _ = server.accept()
        accepted.close()
    refuse_taken(ports)
