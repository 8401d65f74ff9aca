"""What HubSpot must show for what is in Shopify, and the comparison that judges it.

The tables beside this file, one row per HubSpot property, were written from the sources that
``sandbox/sources.md`` names, and share no code with the product whose work they judge.
"""
