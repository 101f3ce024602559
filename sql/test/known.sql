-- what: What the core computed for the days from $first on.
-- grain: input_hash, test
select
    input_hash,
    test,
    any_value(statistic) as statistic,
    any_value(p_value) as p_value,
    any_value(permutations) as permutations
from raw.tests
where study = $study and day >= $first
group by all
