"""Everything the simulator serves, by path family."""

from sandbox.hubspot import batches, reading
from sandbox.hubspot.routing import DATED, Family, family, route

_READ = "crm.objects.{objectType}.read"
_WRITE = "crm.objects.{objectType}.write"

_OBJECTS = (
    route("POST {objectType}/batch/create", batches.create_batch, _WRITE),
    route("POST {objectType}/batch/update", batches.update_batch, _WRITE),
    route("POST {objectType}/batch/upsert", batches.upsert_batch, _WRITE),
    route("POST {objectType}/batch/read", reading.read_batch, _READ),
    route("POST {objectType}/batch/archive", reading.archive_batch, _WRITE),
    route("GET {objectType}", reading.list_page, _READ),
    route("POST {objectType}", reading.create_one, _WRITE),
    route("GET {objectType}/{objectId}", reading.read_one, _READ),
    route("PATCH {objectType}/{objectId}", reading.update_one, _WRITE),
    route("DELETE {objectType}/{objectId}", reading.archive_one, _WRITE),
)

FAMILIES: tuple[Family, ...] = (
    family("/crm/{version}/objects", ("v3",), _OBJECTS),
    family("/crm/objects/{version}", DATED, _OBJECTS),
)
