"""The log of many machines: Apache Kafka. Nothing outside this package imports its client.

Nor is anything imported here: how topics are declared is known without the client.
"""
