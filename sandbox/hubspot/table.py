"""Everything the simulator serves, by path family: what is not here is answered 501."""

from sandbox.hubspot import (
    batches,
    defining,
    granting,
    grouping,
    linking,
    merging,
    portal,
    reading,
    searching,
    staging,
)
from sandbox.hubspot.routing import DATED, Family, family, route

_READ = "crm.objects.{objectType}.read"
_WRITE = "crm.objects.{objectType}.write"
_SCHEMA_READ = ("crm.schemas.{objectType}.read", "crm.schemas.{objectType}.write", _READ)
_SCHEMA_WRITE = "crm.schemas.{objectType}.write"
_STAGES_READ = ("crm.pipelines.orders.read", "crm.schemas.{objectType}.read", _READ)
_STAGES_WRITE = ("crm.pipelines.orders.write", _SCHEMA_WRITE)
_CURRENCIES = "settings.currencies.read"

_SHOWN = "properties&associations&archived"
_OBJECTS = (
    route("POST {objectType}/batch/create", batches.create_batch, _WRITE),
    route("POST {objectType}/batch/update", batches.update_batch, _WRITE),
    route("POST {objectType}/batch/upsert", batches.upsert_batch, _WRITE),
    route("POST {objectType}/batch/read?archived", reading.read_batch, _READ),
    route("POST {objectType}/batch/archive", reading.archive_batch, _WRITE),
    route("POST {objectType}/search", searching.search, _READ, is_search=True),
    route("POST {objectType}/merge", merging.merge_call, _WRITE),
    route("POST {objectType}/gdpr-delete", merging.gdpr_delete, _WRITE),
    route(f"GET {{objectType}}?limit&after&{_SHOWN}", reading.list_page, _READ),
    route("POST {objectType}", reading.create_one, _WRITE),
    route(f"GET {{objectType}}/{{objectId}}?idProperty&{_SHOWN}", reading.read_one, _READ),
    route("PATCH {objectType}/{objectId}?idProperty", reading.update_one, _WRITE),
    route("DELETE {objectType}/{objectId}", reading.archive_one, _WRITE),
)

_PAIR = "{objectType}/{objectId}/associations/{toObjectType}"
_PAIRS_WITHOUT_LIST = (
    route(
        "PUT {fromObjectType}/{fromObjectId}/associations/default/{toObjectType}/{toObjectId}",
        linking.associate_default,
        _WRITE,
    ),
    route(f"PUT {_PAIR}/{{toObjectId}}", linking.associate_typed, _WRITE),
    route(f"DELETE {_PAIR}/{{toObjectId}}", linking.archive_one, _WRITE),
)

# 2026-09 has no such list any more; one reads associations in batches.
_PAIRS = (route(f"GET {_PAIR}?limit&after", linking.list_associations, _READ), *_PAIRS_WITHOUT_LIST)

_BETWEEN = "{fromObjectType}/{toObjectType}"
_ASSOCIATIONS = (
    route(f"POST {_BETWEEN}/batch/associate/default", linking.associate_defaults, _WRITE),
    route(f"POST {_BETWEEN}/batch/create", linking.associate_batch, _WRITE),
    route(f"POST {_BETWEEN}/batch/read", linking.read_associations, _READ),
    route(f"POST {_BETWEEN}/batch/archive", linking.archive_associations, _WRITE),
    route(f"POST {_BETWEEN}/batch/labels/archive", linking.archive_labels, _WRITE),
)
_LABELS = (
    route(f"GET {_BETWEEN}/labels", linking.list_labels, _READ),
    route(f"POST {_BETWEEN}/labels", linking.create_label, _SCHEMA_WRITE),
)

_PROPERTIES = (
    route("GET {objectType}/groups", grouping.list_groups, *_SCHEMA_READ),
    route("POST {objectType}/groups", grouping.create_group, _SCHEMA_WRITE),
    route("GET {objectType}/groups/{groupName}", grouping.read_group, *_SCHEMA_READ),
    route("PATCH {objectType}/groups/{groupName}", grouping.change_group, _SCHEMA_WRITE),
    route("DELETE {objectType}/groups/{groupName}", grouping.archive_group, _SCHEMA_WRITE),
    route("POST {objectType}/batch/create", defining.create_properties, _SCHEMA_WRITE),
    route("POST {objectType}/batch/read", defining.read_properties, *_SCHEMA_READ),
    route("POST {objectType}/batch/archive", defining.archive_properties, _SCHEMA_WRITE),
    route("GET {objectType}?archived", defining.list_properties, *_SCHEMA_READ),
    route("POST {objectType}", defining.create_property, _SCHEMA_WRITE),
    route("GET {objectType}/{propertyName}?archived", defining.read_property, *_SCHEMA_READ),
    route("PATCH {objectType}/{propertyName}", defining.change_property, _SCHEMA_WRITE),
    route("DELETE {objectType}/{propertyName}", defining.archive_property, _SCHEMA_WRITE),
)

_STAGE = "{objectType}/{pipelineId}/stages"
_PIPELINES = (
    route("GET {objectType}", staging.list_pipelines, *_STAGES_READ),
    route("POST {objectType}", staging.create_pipeline, *_STAGES_WRITE),
    route("GET {objectType}/{pipelineId}", staging.read_pipeline, *_STAGES_READ),
    route("PATCH {objectType}/{pipelineId}", staging.change_pipeline, *_STAGES_WRITE),
    route(f"GET {_STAGE}", staging.list_stages, *_STAGES_READ),
    route(f"POST {_STAGE}", staging.create_stage, *_STAGES_WRITE),
    route(f"GET {_STAGE}/{{stageId}}", staging.read_stage, *_STAGES_READ),
    route(f"PATCH {_STAGE}/{{stageId}}", staging.change_stage, *_STAGES_WRITE),
)

_LIMITS = (route("GET custom-properties", portal.custom_properties),)

_ACCOUNT = (
    route("GET details", portal.details),
    route("GET api-usage/daily/private-apps", portal.daily_usage),
)

_MONEY = (
    route("GET company-currency", portal.company_currency, _CURRENCIES),
    route("GET codes", portal.currency_codes, _CURRENCIES),
    route("GET exchange-rates", portal.exchange_rates, _CURRENCIES),
    route("GET exchange-rates/current", portal.exchange_rates, _CURRENCIES),
)

_OAUTH = (
    route("POST token", granting.token, is_open=True),
    route("POST token/revoke", granting.revoke, is_open=True),
)
# Earlier versions answer it with much that nobody here knows.
_INTROSPECTION = (route("POST token/introspect", granting.introspect, is_open=True),)

FAMILIES: tuple[Family, ...] = (
    family("/crm/objects/{version}", ("2026-09",), _OBJECTS + _PAIRS_WITHOUT_LIST),
    family("/crm/objects/{version}", ("2026-03",), _OBJECTS + _PAIRS),
    family("/crm/{version}/objects", ("v3",), _OBJECTS),
    family("/crm/associations/{version}", DATED, _ASSOCIATIONS + _LABELS),
    family("/crm/{version}/associations", ("v4",), _ASSOCIATIONS + _LABELS),
    family("/crm/associations/{version}", ("v4",), _LABELS),
    family("/crm/{version}/objects", ("v4",), _PAIRS),
    family("/crm/properties/{version}", DATED, _PROPERTIES),
    family("/crm/{version}/properties", ("v3",), _PROPERTIES),
    family("/crm/pipelines/{version}", DATED, _PIPELINES),
    family("/crm/{version}/pipelines", ("v3",), _PIPELINES),
    family("/crm/limits/{version}", DATED, _LIMITS),
    family("/crm/{version}/limits", ("v3",), _LIMITS),
    family("/account-info/{version}", ("v3", *DATED), _ACCOUNT),
    family("/settings/currencies/{version}", DATED, _MONEY),
    family("/settings/{version}/currencies", ("v3",), _MONEY),
    family("/oauth/{version}", ("2026-09",), _OAUTH + _INTROSPECTION),
    family("/oauth/{version}", ("v3", "2026-03"), _OAUTH),
)
