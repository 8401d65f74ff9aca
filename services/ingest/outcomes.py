"""What can become of a request, and what the sender is told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType


class Outcome(StrEnum):
    """Why a request ended as it did; the values are those of the metric's label."""

    __hash__ = str.__hash__  # an enum's own is Python code, at each look into a table

    ACCEPTED = "accepted"
    ACCEPTED_UNKNOWN_TOPIC = "accepted_unknown_topic"
    ACCEPTED_UNREADABLE = "accepted_unreadable"

    NO_SIGNATURE = "no_signature"
    EMPTY_SIGNATURE = "empty_signature"
    DOUBLED_SIGNATURE = "doubled_signature"
    NON_ASCII_SIGNATURE = "non_ascii_signature"
    WRONG_LENGTH_SIGNATURE = "wrong_length_signature"
    MALFORMED_SIGNATURE = "malformed_signature"
    WRONG_SIGNATURE = "wrong_signature"
    UNKNOWN_STORE = "unknown_store"
    WRONG_METHOD = "wrong_method"

    NOT_HTTP = "not_http"
    BAD_HOST = "bad_host"
    OTHER_VERSION = "other_version"
    HEADERS_TOO_LARGE = "headers_too_large"
    HEADERS_TOO_SLOW = "headers_too_slow"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    IDLE = "idle"
    DISCONNECTED = "disconnected"

    STORES_NOT_LOADED = "stores_not_loaded"
    LOG_UNAVAILABLE = "log_unavailable"
    LOG_TOO_SLOW = "log_too_slow"
    TOO_MANY_IN_FLIGHT = "too_many_in_flight"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    STOPPING = "stopping"


# A wrong signature must be a 401: https://www.shopify.dev/apps/webhooks/mandatory. Whatever is not
# 2xx counts towards the eight failures that delete a subscription, so what is signed is accepted
# even if nobody can read it: https://shopify.dev/docs/apps/build/webhooks/verify-deliveries.
# ``IDLE`` and ``DISCONNECTED`` have no status: nobody is there to be told.
STATUS: Mapping[Outcome, HTTPStatus] = MappingProxyType(
    {
        Outcome.ACCEPTED: HTTPStatus.OK,
        Outcome.ACCEPTED_UNKNOWN_TOPIC: HTTPStatus.OK,
        Outcome.ACCEPTED_UNREADABLE: HTTPStatus.OK,
        Outcome.NO_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.EMPTY_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.DOUBLED_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.NON_ASCII_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.WRONG_LENGTH_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.MALFORMED_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.WRONG_SIGNATURE: HTTPStatus.UNAUTHORIZED,
        Outcome.UNKNOWN_STORE: HTTPStatus.UNAUTHORIZED,
        Outcome.WRONG_METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
        Outcome.NOT_HTTP: HTTPStatus.BAD_REQUEST,
        Outcome.BAD_HOST: HTTPStatus.BAD_REQUEST,
        Outcome.OTHER_VERSION: HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
        Outcome.HEADERS_TOO_LARGE: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        Outcome.HEADERS_TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
        Outcome.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        Outcome.BODY_TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
        Outcome.STORES_NOT_LOADED: HTTPStatus.SERVICE_UNAVAILABLE,
        Outcome.LOG_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
        Outcome.LOG_TOO_SLOW: HTTPStatus.SERVICE_UNAVAILABLE,
        Outcome.TOO_MANY_IN_FLIGHT: HTTPStatus.SERVICE_UNAVAILABLE,
        Outcome.TOO_MANY_BYTES: HTTPStatus.SERVICE_UNAVAILABLE,
        Outcome.TOO_MANY_CONNECTIONS: HTTPStatus.SERVICE_UNAVAILABLE,
        Outcome.STOPPING: HTTPStatus.SERVICE_UNAVAILABLE,
    }
)

Headers = list[tuple[bytes, bytes]]
DEFAULT_RETRY_SECONDS = 1


def headers_for(outcome: Outcome, *, retry_seconds: int = DEFAULT_RETRY_SECONDS) -> Headers:
    """The headers of the (empty) answer; raises ``KeyError`` where there is nobody to answer."""
    headers = [(b"content-length", b"0")]
    if STATUS[outcome] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"%d" % retry_seconds))
    if outcome is Outcome.WRONG_METHOD:
        headers.append((b"allow", b"POST"))
    return headers
