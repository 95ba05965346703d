"""What machines watch: numbers for Prometheus, and logs as JSON with the id of each request."""
