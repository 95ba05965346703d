"""A panel computed product by product from its definition: slow, obvious, without the engine.

Only how seeds are clustered and take turns comes from
`engine.recommendation.clusters.seed_clusters`, which has its own twins.
"""
