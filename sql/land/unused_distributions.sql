-- what: lists that no typed body has, gone
delete from stg.distributions as lists
where not exists (
    from stg.bodies as typed
    where typed.ordering_id = lists.ordering_id
);
