-- what: What the core computed for the days from $first on.
-- grain: input_hash, test
select
    input_hash,
    test,
    arg_max(statistic, tested_at) as statistic,
    arg_max(p_value, tested_at) as p_value,
    arg_max(permutations, tested_at) as permutations
from raw.tests
where study = $study and day >= $first
group by all
