"""What HubSpot must show for what is in Shopify, and the comparison that judges it.

The tables beside this file were written from the vendors' facts, one row per HubSpot property,
and share no code with the product whose work they judge.
"""
