"""A simulator of Shopify: stores, what people do in them, and the Admin GraphQL API over them."""
