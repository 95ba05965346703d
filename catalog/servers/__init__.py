"""What several web servers share in the catalogue's database, such as secrets."""
