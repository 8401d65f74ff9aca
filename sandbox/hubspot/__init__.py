"""A simulator of the part of HubSpot's CRM API that ``sandbox/rules.toml`` lists, over HTTP or in process."""
