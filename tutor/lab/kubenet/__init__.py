"""A node of a Kubernetes cluster as kubenet leaves it, made with kubenet's own parts. Runs in the agent."""
