"""What several web servers share in the database: secrets, leases, the pointer to the index."""
