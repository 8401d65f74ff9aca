"""Ingest's settings, from the environment (``SHOPSYNC_INGEST_…``) and a file ``.env``."""

from __future__ import annotations

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where ingest listens and what it puts up with. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="SHOPSYNC_INGEST_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    host: str = "127.0.0.1"
    port: NonNegativeInt = Field(default=8000, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_port: NonNegativeInt = Field(default=9100, le=65535)

    # Set for each of several workers by whoever starts them.
    shares_port: bool = False

    stores_refresh_seconds: PositiveFloat = 2.0

    # Shopify's headers are under 2 KB, its bodies "can be upwards of a megabyte".
    max_header_bytes: PositiveInt = 32 * 1024
    max_body_bytes: PositiveInt = 8 * 1024 * 1024
    header_seconds: PositiveFloat = 5.0
    body_seconds: PositiveFloat = 10.0
    idle_seconds: PositiveInt = 30

    max_connections: PositiveInt = 4096
    # At 1,500 appends a second, of half a core, the last of them waits for less than the 200 ms.
    max_in_flight: PositiveInt = 256
    max_held_bytes: PositiveInt = 64 * 1024 * 1024
    # With what comes before and after, the refusal is out within 250 ms.
    append_seconds: PositiveFloat = 0.2
    stop_seconds: PositiveInt = 5
