"""The Admin GraphQL API: views of records, search, cost, execution."""
