"""The part of HubSpot's CRM API that ``sandbox/rules.toml`` lists, over HTTP or in process."""
