-- what: the declared prices, filled in by Python; a model that is not among them has an unknown cost
-- grain: endpoint, model
create or replace temp table prices (
    endpoint varchar,
    model varchar,
    input_usd_per_million double,
    output_usd_per_million double
)
