"""The account itself over the web: details, usage, limits, currencies."""

from datetime import timedelta

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call
from sandbox.hubspot.catalogue import CURRENCIES
from sandbox.hubspot.clock import stamp
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import Json

CUSTOM_PER_ACCOUNT = 10_000


def details(account: Account, _: Call) -> Answer:
    """``PortalInformationResponse``."""
    offset = account.now().astimezone(account.quota.zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    settings = account.settings
    return Answer(
        200,
        {
            "portalId": settings.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": settings.time_zone,
            "companyCurrency": settings.company_currency,
            "additionalCurrencies": list(settings.rates),
            "utcOffset": f"{sign}{hours:02}:{rest:02}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def daily_usage(account: Account, call: Call) -> Answer:
    """Requests of the day; it ends at midnight in the account's time zone."""
    account.quota.roll(call.now)
    usage = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": account.quota.daily,
        "currentUsage": account.quota.used_today,
        "collectedAt": stamp(call.now),
        "fetchStatus": "SUCCESS",
        "resetsAt": stamp(account.quota.resets_at(call.now)),
    }
    return Answer(200, {"results": [usage]})


def custom_properties(account: Account, _: Call) -> Answer:
    """How many custom properties there are and may be."""
    most = account.switches.custom_property_limit
    by_type: list[Json] = []
    for name, of_type in OBJECT_TYPES.items():
        used = len(account.schemas[name].custom)
        by_type.append(
            {
                "objectTypeId": of_type.type_id,
                "singularLabel": of_type.label,
                "pluralLabel": of_type.plural,
                "limit": most,
                "usage": used,
                "percentage": _percentage(used, most),
            }
        )
    overall = sum(each["usage"] for each in by_type)
    body = {
        "byObjectType": by_type,
        "overallLimit": CUSTOM_PER_ACCOUNT,
        "overallUsage": overall,
        "overallPercentage": _percentage(overall, CUSTOM_PER_ACCOUNT),
    }
    return Answer(200, body)


def company_currency(account: Account, _: Call) -> Answer:
    """The currency amounts are converted into."""
    moment = account.schemas["orders"].properties["hs_object_id"].created_at
    return Answer(200, {"id": account.settings.company_currency, "createdAt": moment})


def currency_codes(_: Account, __: Call) -> Answer:
    """Every code HubSpot knows, added to the account or not."""
    return Answer(
        200, {"results": [{"currencyCode": each, "currencyName": each} for each in CURRENCIES]}
    )


def exchange_rates(account: Account, _: Call) -> Answer:
    """The rates of the currencies the account has added."""
    moment = account.schemas["orders"].properties["hs_object_id"].created_at
    results: list[Json] = [
        {
            "id": str(place),
            "fromCurrencyCode": code,
            "toCurrencyCode": account.settings.company_currency,
            "conversionRate": float(rate),
            "visibleInUI": True,
            "effectiveAt": moment,
            "createdAt": moment,
            "updatedAt": moment,
        }
        for place, (code, rate) in enumerate(account.settings.rates.items(), start=1)
    ]
    return Answer(200, {"results": results})


def _percentage(used: int, most: int) -> float:
    return round(100 * used / most, 2) if most else 100.0
