-- what: token lists that no typed body has, gone
delete from stg.completions as lists
where not exists (
    from stg.bodies as typed
    where
        md5(typed.text) = lists.completion_id
        and typed.tokens_id = lists.tokens_id
);
