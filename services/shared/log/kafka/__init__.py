"""The log of many machines: Apache Kafka. Nothing outside this package imports its client."""

from services.shared.log.kafka.log import KafkaLog
from services.shared.log.kafka.reading import KafkaReader

__all__ = ["KafkaLog", "KafkaReader"]
