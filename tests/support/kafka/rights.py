"""The rights that docs/kafka.md says each process needs, and giving them on a broker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from tests.support.postgres import ROOT

_DOCUMENT = ROOT / "docs" / "kafka.md"
_HEAD = "| process | right | topics | group | cluster |"
# https://kafka.apache.org/protocol.html and org.apache.kafka.common.acl.AclOperation
_RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
_OPERATIONS = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Alter": 7,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
_LITERAL, _PREFIXED, _ALLOW = 3, 4, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One right on one resource; a name that ends in ``*`` is a prefix."""

    operation: str
    resource: str
    name: str


def documented() -> dict[str, list[Right]]:
    """The table of the document, by process."""
    _, _, below = _DOCUMENT.read_text().partition(_HEAD)
    found: dict[str, list[Right]] = {}
    for line in below.strip().splitlines()[1:]:
        if not line.startswith("|"):
            break
        process, operations, *places = (each.strip() for each in line.strip("|").split("|"))
        found.setdefault(process, []).extend(
            Right(operation=operation, resource=resource, name=name)
            for operation in _quoted(operations)
            for resource, cell in zip(_RESOURCES, places, strict=True)
            for name in _quoted(cell)
        )
    return found


async def grant(servers: Sequence[str], user: str, rights: Iterable[Right]) -> None:
    """Allow ``user`` these, and nothing else that it was not allowed before."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(servers))
    await admin.start()
    try:
        for each in rights:
            is_prefix = each.name.endswith("*")
            request = CreateAclsRequest(
                resource_type=_RESOURCES[each.resource],
                resource_name=each.name.removesuffix("*"),
                resource_pattern_type_filter=_PREFIXED if is_prefix else _LITERAL,
                principal=f"User:{user}",
                host="*",
                operation=_OPERATIONS[each.operation],
                permission_type=_ALLOW,
            )
            answer = await admin._send_request(request)
            for code, message in answer.creation_responses:
                if code:
                    raise for_code(code)(message)
    finally:
        await admin.close()


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
