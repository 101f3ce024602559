-- what: how many characters (code points) two texts share from their beginning, up to 16 million
-- Found bit by bit: one look a bit, not one a character.
create or replace temp macro shared_characters(one, other) as list_reduce(
    [0] || list_reverse(list_transform(range(24), lambda bit: pow(2, bit)::bigint)),
    lambda shared, step: if(
        shared + step <= least(length(one), length(other)) and left(one, shared + step) = left(other, shared + step),
        shared + step,
        shared
    )
);
