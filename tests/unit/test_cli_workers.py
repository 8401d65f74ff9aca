from __future__ import annotations

from services.cli.settings import Settings as Installation
from services.cli.workers import metrics_port_of
from services.ingest.settings import Settings

PROCESSES = ("syncer_metrics_port", "reconciler_metrics_port")


def test_workers_metrics_ports_meet_those_of_no_other_process_of_the_same_machine() -> None:
    ingest = Settings.model_construct()
    others = {Installation.model_fields[name].default for name in PROCESSES} | {ingest.port}

    ports = [metrics_port_of(ingest, number) for number in range(64)]

    assert ports[0] == ingest.metrics_port
    assert len({*ports, *others}) == 64 + len(others)


def test_where_any_port_will_do_each_worker_takes_any() -> None:
    ingest = Settings.model_construct(metrics_port=0)

    assert [metrics_port_of(ingest, number) for number in range(3)] == [0, 0, 0]
