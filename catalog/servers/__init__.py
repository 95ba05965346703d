"""What several web servers share in the catalogue's database: secrets, leases of work."""
