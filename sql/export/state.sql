-- what: of which state of the warehouse this copy is
-- grain: state
select state from state
