"""Calls to a node's HTTP API, without the project's own client: the witness shares no code with what it judges."""

from __future__ import annotations

import http.client
import json
import select
import threading
from typing import Any, Dict, Optional, Tuple


class NoAnswer(Exception):
    """There was no reply: the request may or may not have had its effect."""


class Connections(threading.local):
    """Each thread's own connections, by port."""

    def __init__(self) -> None:
        self.by_port: Dict[int, http.client.HTTPConnection] = {}


_connections = Connections()

Reply = Tuple[int, Dict[str, Any]]


def call(port: int, method: str, path: str, body: Any = None, *, timeout: float = 10.0) -> Reply:
    """Sends one request and returns the status and the JSON of the reply; never repeats anything.

    :raises NoAnswer: if there is no complete reply within ``timeout`` seconds without a byte.
    """
    connection = _connections.by_port.get(port)
    if connection is not None and _is_closed(connection):
        close(port)
        connection = None
    if connection is None:
        connection = _connections.by_port[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.timeout = timeout
    if connection.sock is not None:
        connection.sock.settimeout(timeout)
    data = None if body is None else json.dumps(body).encode()
    headers = {} if data is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, body=data, headers=headers)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        close(port)
        raise NoAnswer(f"{method} {path}: {type(error).__name__}: {error}") from error
    try:
        answer = json.loads(content) if content else {}
    except ValueError:
        answer = {"text": content.decode(errors="replace")}
    return response.status, answer if isinstance(answer, dict) else {"value": answer}


def _is_closed(connection: http.client.HTTPConnection) -> bool:
    """Whether the node has closed an idle connection: what has not been sent cannot fail."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


def close(port: int) -> None:
    """Closes the calling thread's connection to a port."""
    connection = _connections.by_port.pop(port, None)
    if connection is not None:
        connection.close()


def close_all() -> None:
    """Closes the calling thread's connections."""
    for port in list(_connections.by_port):
        close(port)


def get(port: int, path: str, *, timeout: float = 10.0) -> Optional[Dict[str, Any]]:
    """Returns what a GET replies with 200; None for anything else."""
    try:
        status, answer = call(port, "GET", path, timeout=timeout)
    except NoAnswer:
        return None
    return answer if status == 200 else None
