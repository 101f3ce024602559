"""An embedded endpoint that speaks OpenAI's and Azure's wire formats: the whole pipeline runs offline, over real HTTP.

What its models answer is drawn from simulator/figures/, where each file says which of its numbers are published and
which are invented. Everything it sends carries the header `x-flipbook-simulated: 1`: simulated data must never pass for
a provider's.
"""
