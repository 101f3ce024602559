"""The drill: the deployed system on one machine, harmed at random moments by a seeded script, and its accounts at the end.

`make drill` starts PostgreSQL, Prefect's server on it, two process workers and the simulator, and has them sample studies, while
it kills, fills, locks, floods and cuts. Then it compares what the simulator sent with what the warehouse holds.
"""
