"""A server of buckets on loopback that knows its users, and a wire to it that can be cut."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

BUCKET, REGION = "house", "eu-north-1"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# What a new server lets pass before it asks who it is: a user, what that one may, a key, a bucket.
SET_UP = 4


@dataclass(frozen=True)
class BucketServer:
    """A running server: its address, and the environment of somebody who may read and write there."""

    address: str
    environment: dict[str, str]


@contextmanager
def served() -> Iterator[BucketServer]:
    """A server with one user and one bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name in ("werkzeug", "botocore"):
        logging.getLogger(name).setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        address = "http://{}:{}".format(*server.get_host_and_port())
        # Servers of one process share what they know: this one knows nobody, as if it were the first.
        for path, content in (("reset", ""), ("reset-auth", str(SET_UP))):
            httpx.post(f"{address}/moto-api/{path}", content=content, trust_env=False).raise_for_status()
        nobody = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": REGION}
        with closing(boto3.client("iam", endpoint_url=address, **nobody)) as users:
            users.create_user(UserName="night")
            users.put_user_policy(UserName="night", PolicyName="all", PolicyDocument=json.dumps(ALL))
            key = users.create_access_key(UserName="night")["AccessKey"]
        with closing(boto3.client("s3", endpoint_url=address, **nobody)) as buckets:
            buckets.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        environment = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
        }
        yield BucketServer(address, environment)
    finally:
        server.stop()


@dataclass
class Wire:
    """A wire to a server, at an address of its own: after so many bytes to the server it is cut, and stays so."""

    server: str
    left: int
    passed: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> "Wire":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://{}:{}".format(*self._listener.getsockname())
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._cut()

    def _listen(self) -> None:
        host, port = self.server.removeprefix("http://").split(":")
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((host, int(port)))
                self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):
            while piece := here.recv(4096):
                if is_counted:
                    self.passed += len(piece)
                    if self.passed > self.left:
                        there.sendall(piece[: max(0, len(piece) - (self.passed - self.left))])
                        self._cut()
                        return
                there.sendall(piece)
        with suppress(OSError):
            there.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
