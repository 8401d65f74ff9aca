"""What HubSpot asks of a write beyond types, and what it computes itself, per object type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.hubspot.catalogue import CURRENCIES, DEFAULT_PIPELINE, LIFECYCLE
from sandbox.hubspot.clock import stamp
from sandbox.hubspot.pipelines import CLOSED
from sandbox.hubspot.problems import Problem
from sandbox.hubspot.values import is_email

if TYPE_CHECKING:
    from sandbox.hubspot.account import Account

Values = dict[str, str]
Rule = Callable[["Account", Values, Mapping[str, str]], Problem | None]

CODE_LENGTH = 3


def _email(_: Account, values: Values, __: Mapping[str, str]) -> Problem | None:
    email = values.get("email")
    if not email:
        return None
    values["email"] = email = email.strip().lower()
    if is_email(email):
        return None
    return Problem(
        message=f"Email address {email} is invalid", code="INVALID_EMAIL", property_name="email"
    )


def _someone(_: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    """A contact is created with an email or a name: contacts guide."""
    if before or any(values.get(each) for each in ("email", "firstname", "lastname")):
        return None
    return Problem(message="At least one of email, firstname, lastname is required")


def _forward(_: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    """The lifecycle stage moves forward only; a step back is left out silently."""
    now, then = values.get("lifecyclestage"), before.get("lifecyclestage")
    known = now in LIFECYCLE and then in LIFECYCLE
    if known and LIFECYCLE.index(str(now)) < LIFECYCLE.index(str(then)):
        del values["lifecyclestage"]
    return None


def _not_negative(_: Account, values: Values, __: Mapping[str, str]) -> Problem | None:
    price = values.get("price", "")
    if not price.startswith("-") or Decimal(price) == 0:
        return None
    return Problem(
        message="Price must not be negative", code="INVALID_INTEGER", property_name="price"
    )


def _line_item_currency(account: Account, values: Values, __: Mapping[str, str]) -> Problem | None:
    """https://developers.hubspot.com/changelog/bugfix-currency-validation-for-line-items-api."""
    name = "hs_line_item_currency_code"
    code = values.get(name)
    if not code or code in account.settings.currencies:
        return None
    if len(code) != CODE_LENGTH or not code.isalpha() or not code.isupper():
        return Problem(message="Provide a valid ISO currency code", property_name=name)
    message = f"Provided line item currency {code} is not supported by portal"
    return Problem(message=message, property_name=name)


def _reverting(_: Account, values: Values, __: Mapping[str, str]) -> Problem | None:
    """``hs_external_id`` on line items takes a write and is null afterwards."""
    if "hs_external_id" in values:
        values["hs_external_id"] = ""
    return None


def _currency(account: Account, values: Values, __: Mapping[str, str]) -> Problem | None:
    code = values.get("hs_currency_code")
    known = account.settings.currencies if account.switches.inactive_currency_refused else None
    if not code or code in (known or CURRENCIES):
        return None
    return Problem(
        message=f"{code} is not a part of the current effective currency codes",
        code="INVALID_OPTION",
        property_name="hs_currency_code",
    )


def _stage(account: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    pipelines = account.pipelines["orders"]
    pipeline_id = values.get("hs_pipeline") or before.get("hs_pipeline") or DEFAULT_PIPELINE
    pipeline = pipelines.get(pipeline_id)
    if pipeline is None:
        return Problem(
            message=f"{pipeline_id} is not a valid pipeline ID. Valid options are: "
            f"[{', '.join(pipelines)}]",
            code="INVALID_OPTION",
            property_name="hs_pipeline",
        )
    moved = pipeline_id != before.get("hs_pipeline")
    stage_id = values.get("hs_pipeline_stage") or (
        pipeline.first_stage if moved else before["hs_pipeline_stage"]
    )
    if stage_id not in pipeline.stages:
        return Problem(
            message=f"{stage_id} is not a valid pipeline stage ID. Valid options are: "
            f"pipelineId={pipeline_id} : [{', '.join(pipeline.stages)}]",
            code="INVALID_OPTION",
            property_name="hs_pipeline_stage",
        )
    values["hs_pipeline"] = pipeline_id
    values["hs_pipeline_stage"] = stage_id
    return None


def _closing(account: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    """``hs_is_closed``, ``hs_closed_date`` and ``hs_is_canceled`` are HubSpot's to compute."""
    pipeline = account.pipelines["orders"].get(values.get("hs_pipeline", ""))
    stage = pipeline.stages.get(values.get("hs_pipeline_stage", "")) if pipeline else None
    closed = stage is not None and stage.metadata.get("state") == CLOSED
    values["hs_is_closed"] = "true" if closed else "false"
    if not closed:
        values["hs_closed_date"] = ""
    elif not before.get("hs_closed_date"):
        values["hs_closed_date"] = stamp(account.now())
    canceled = values.get("hs_external_canceled_date", before.get("hs_external_canceled_date"))
    values["hs_is_canceled"] = "true" if canceled else "false"
    return None


def _at_home(account: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    """The exchange rate and the amount in the company's currency are filled by HubSpot."""
    if "hs_total_price" not in values and "hs_currency_code" not in values:
        return None
    settings = account.settings
    code = values.get("hs_currency_code", before.get("hs_currency_code"))
    total = values.get("hs_total_price", before.get("hs_total_price"))
    rate = Decimal(1) if not code or code == settings.company_currency else settings.rates.get(code)
    if rate is None or not total:
        values["hs_homecurrency_amount"] = ""
        return None
    values["hs_homecurrency_amount"] = format(Decimal(total) * rate, "f")
    return None


def _rate(account: Account, values: Values, _: Mapping[str, str]) -> Problem | None:
    if code := values.get("hs_currency_code"):
        values["hs_exchange_rate"] = str(account.settings.rates.get(code, Decimal("1.0")))
    return None


_AMOUNTS = ("price", "quantity", "discount", "tax", "hs_discount_percentage")


def _amounts(_: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    """The calculated amounts of a line; the discount is per unit."""
    if not any(each in values for each in _AMOUNTS):
        return None
    price, quantity, discount, tax, percent = (
        Decimal(values.get(each, before.get(each)) or ("1" if each == "quantity" else "0"))
        for each in _AMOUNTS
    )
    full = price * quantity
    net = full - discount * quantity - full * percent / 100
    values["hs_pre_discount_amount"] = format(full, "f")
    values.setdefault("amount", format(net, "f"))
    values["hs_post_tax_amount"] = format(net + tax, "f")
    return None


def _marketing(account: Account, values: Values, before: Mapping[str, str]) -> Problem | None:
    if not before:
        marketing = account.switches.contacts_become_marketing
        values["hs_marketable_status"] = "true" if marketing else "false"
    return None


# In this order; the first problem of a rule ends its row. Later rules may rely on earlier ones.
RULES: dict[str, tuple[Rule, ...]] = {
    "contacts": (_email, _someone, _forward, _marketing),
    "products": (_not_negative,),
    "line_items": (_not_negative, _line_item_currency, _reverting, _amounts),
    "orders": (_currency, _stage, _closing, _at_home, _rate),
    "carts": (_currency, _at_home),
}

# Currencies have rules of their own, with other messages than other enumerations.
RULED_CURRENCIES = frozenset({"hs_line_item_currency_code", "hs_currency_code"})
