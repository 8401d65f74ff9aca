import re
from pathlib import Path

import pytest

from services.cli.demo import Sandbox, settings_for
from services.cli.misspelt import misspelt_in, misspelt_settings
from services.cli.places import PREFIX, Places
from services.cli.settings import Settings, SettingsError, loaded
from services.ingest.settings import Settings as IngestSettings
from services.shared.log.address import KafkaCluster, Protection, SqliteFile

COMPLETE = {
    "ENCRYPTION_KEY": "new-key-of-a-length,old-key-of-a-length",
    "HUBSPOT_TOKEN": "pat-1",
    "SHOP": "Acme.myshopify.com",
    "CLIENT_ID": "id",
    "CLIENT_SECRET": "hush-hush",
}


@pytest.fixture(autouse=True)
def empty_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)


def problems() -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(Settings)
    return "\n".join(caught.value.problems)


def test_one_store_and_one_account_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE)
    settings = loaded(Settings)
    assert [each.shop for each in settings.stores] == ["acme.myshopify.com"]
    assert settings.encryption_keys == ("new-key-of-a-length", "old-key-of-a-length")
    assert settings.ledger == "sqlite+aiosqlite:///data/ledger.sqlite"
    assert settings.log == SqliteFile(path=Path("data/log.sqlite"))
    assert settings.webhook_url == ""


def test_every_problem_is_reported_at_once() -> None:
    said = problems()
    for name in ("ENCRYPTION_KEY", "HUBSPOT_TOKEN", "STORES"):
        assert PREFIX + name in said


def test_an_empty_secret_is_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE | {"HUBSPOT_TOKEN": "", "CLIENT_SECRET": ""})
    said = problems()
    assert "SHOPSYNC_HUBSPOT_TOKEN is missing" in said
    assert "acme.myshopify.com needs client_id and client_secret" in said


def test_no_problem_quotes_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE | {"ENCRYPTION_KEY": "short", "SHOP": "sesame"})
    given(monkeypatch, STORES='[{"shop": "acme.myshopify.com", "client_secret": ["opensesame"]}]')
    said = problems()
    assert "16 characters" in said
    assert "short" not in said
    assert "sesame" not in said


def test_a_single_store_that_is_none_is_named_by_its_own_setting_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, **COMPLETE | {"SHOP": "www.acme.com"})
    assert problems() == "SHOPSYNC_SHOP: must be the full host, like acme.myshopify.com"


@pytest.mark.parametrize(
    ("name", "wrong", "form"),
    [
        ("SINCE", "last week", "YYYY-MM-DD"),
        ("SINCE", "31.12.2026", "YYYY-MM-DD"),
        ("SINCE", "2026-01-01T08:00", "YYYY-MM-DD"),
        ("YES", "ja", "true or false"),
        ("LEDGER_KEEPS_STATEMENTS", "maybe", "true or false"),
    ],
)
def test_a_problem_says_the_form_that_a_setting_has(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: str, form: str
) -> None:
    given(monkeypatch, **COMPLETE | {name: wrong})
    assert problems() == f"SHOPSYNC_{name}: must be {form}"


def test_stores_as_json_stand_beside_the_single_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE)
    given(monkeypatch, STORES='[{"shop": "other.myshopify.com", "admin_token": "shpat_1"}]')
    shops = [each.shop for each in loaded(Settings).stores]
    assert shops == ["other.myshopify.com", "acme.myshopify.com"]


@pytest.mark.parametrize("stores", ["{}", "not json", '[{"shop": "acme.example.com"}]'])
def test_a_list_of_stores_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, stores: str
) -> None:
    given(monkeypatch, **COMPLETE | {"STORES": stores})
    assert "SHOPSYNC_STORES" in problems()


def test_a_store_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE)
    given(monkeypatch, STORES='[{"shop": "acme.myshopify.com", "admin_token": "shpat_1"}]')
    assert "acme.myshopify.com is given twice" in problems()


def test_webhooks_need_the_secret_that_signs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE | {"CLIENT_SECRET": "", "ADMIN_TOKEN": "shpat_1"})
    assert loaded(Settings).webhook_url == ""
    given(monkeypatch, PUBLIC_URL="https://sync.example.com/")
    assert "needs client_secret: webhooks are signed with it" in problems()


def test_a_public_address_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE | {"PUBLIC_URL": "http://sync.example.com"})
    assert "must begin with https" in problems()
    given(monkeypatch, PUBLIC_URL="http://127.0.0.1:8000")
    assert loaded(Settings).webhook_url == "http://127.0.0.1:8000/webhooks/shopify"


def test_secrets_are_no_part_of_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **COMPLETE)
    assert "hush-hush" not in repr(loaded(Settings))
    assert "pat-1" not in repr(loaded(Settings))


def test_looking_needs_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, DATA_DIR="/var/lib/shopsync")
    assert loaded(Places).log == SqliteFile(path=Path("/var/lib/shopsync/log.sqlite"))


def test_the_log_is_a_cluster_when_its_url_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, LOG_URL="kafka://a.example:9093,b.example", KAFKA_SECURITY="SASL_SSL")
    given(monkeypatch, KAFKA_USERNAME="ingest", KAFKA_PASSWORD="opensesame")
    log = loaded(Places).log
    assert isinstance(log, KafkaCluster)
    assert log.servers == ("a.example:9093", "b.example:9092")
    assert log.security.protection is Protection.SASL_SSL
    assert log.security.password == "opensesame"
    assert "opensesame" not in repr(log) + repr(loaded(Places))


@pytest.mark.parametrize(
    "url", ["kafka://", "kafka://user:opensesame@host", "sqlite://host/file", "/var/log.sqlite"]
)
def test_an_address_of_no_log_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, **COMPLETE, LOG_URL=url)
    said = problems()
    assert "SHOPSYNC_LOG_URL: must be sqlite:///FILE or kafka://" in said
    assert "opensesame" not in said


def test_a_log_file_may_be_named_absolutely(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, LOG_URL="sqlite:////srv/log.sqlite")
    assert loaded(Places).log == SqliteFile(path=Path("/srv/log.sqlite"))


def test_ingest_reads_the_file_as_the_others_do(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SHOPSYNC_INGEST_PORT=8123\nSHOPSYNC_INGEST_HOST=\n")
    settings = loaded(IngestSettings)
    assert (settings.host, settings.port) == ("127.0.0.1", 8123)


def test_a_problem_names_the_setting_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, INGEST_PORT="99999")
    with pytest.raises(SettingsError) as caught:
        loaded(IngestSettings)
    (problem,) = caught.value.problems
    assert problem.startswith("SHOPSYNC_INGEST_PORT: ")


def test_the_example_filled_in_where_it_must_be_is_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for line in (Path(__file__).parents[2] / ".env.example").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and line.startswith(PREFIX):
            monkeypatch.setenv(name, value)
    given(monkeypatch, **COMPLETE)
    assert loaded(Settings).abandoned_after == 900


def test_what_ingest_needs_is_read_from_the_file_too_and_a_wrong_value_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(f"{PREFIX}INGEST_PORT", raising=False)
    (tmp_path / ".env").write_text(f"{PREFIX}INGEST_PORT=8123\n")
    read = loaded(IngestSettings)
    assert read.port == 8123
    (tmp_path / ".env").write_text(f"{PREFIX}INGEST_PORT=nine\n")
    with pytest.raises(SettingsError) as refused:
        loaded(IngestSettings)
    assert f"{PREFIX}INGEST_PORT" in refused.value.problems[0]


def test_the_demo_stays_away_from_a_real_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SHOPSYNC_LEDGER_URL=sqlite+aiosqlite:///real.sqlite\n")
    given(monkeypatch, **COMPLETE, INGEST_PORT="1", INGEST_METRICS_PORT="1")
    given(monkeypatch, INGEST_HOST="0.0.0.0", INGEST_METRICS_HOST="0.0.0.0")
    simulated = {"shop": "b.myshopify.com", "client_id": "id", "client_secret": "hush"}
    sandbox = Sandbox(
        shopify_url="http://127.0.0.1:1",
        hubspot_url="http://127.0.0.1:2",
        hubspot_token="pat-2",
        stores=[simulated],
    )

    settings = settings_for(tmp_path / "demo", sandbox)

    assert [each.shop for each in settings.stores] == ["b.myshopify.com"]
    assert settings.ledger == f"sqlite+aiosqlite:///{tmp_path / 'demo/ledger.sqlite'}"
    assert settings.hubspot_token.get_secret_value() == "pat-2"
    assert loaded(IngestSettings).host == "127.0.0.1"


def test_a_setting_that_nobody_reads_is_said_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, **COMPLETE, HUBSPOT_TOKN="pat-9", TEST_KAFKA="localhost:9092")
    Path(".env").write_text("SHOPSYNC_INGEST_PROT=8001\nSHOPSYNC_INGEST_PORT=8002\nOTHER=1\n")

    said = misspelt_settings()

    assert said == [
        "SHOPSYNC_HUBSPOT_TOKN is no setting: did you mean SHOPSYNC_HUBSPOT_TOKEN?",
        "SHOPSYNC_INGEST_PROT is no setting: did you mean SHOPSYNC_INGEST_PORT?",
    ]


def test_what_resembles_no_setting_is_said_all_the_same() -> None:
    assert misspelt_in(["SHOPSYNC_MAKE_COFFEE"]) == ["SHOPSYNC_MAKE_COFFEE is no setting"]


def test_every_setting_of_the_example_is_one() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    names = re.findall(r"^(SHOPSYNC_\w+)=", example.read_text(), re.MULTILINE)

    assert "SHOPSYNC_HUBSPOT_TOKEN" in names
    assert misspelt_in(names) == []
