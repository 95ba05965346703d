"""Search by photo: uploads, the part to search by, types and genders that it may be, answers."""
