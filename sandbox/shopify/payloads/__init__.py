"""The bodies of webhooks, topic by topic, as API versions 2025-10 and 2026-07 have them."""

from sandbox.shopify.payloads.shapes import encoded
from sandbox.shopify.payloads.topics import BODIES, UnknownTopicError, payload_of, record_id_of

__all__ = ["BODIES", "UnknownTopicError", "encoded", "payload_of", "record_id_of"]
