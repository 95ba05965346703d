"""Index generations: built beside the live one, checked, and published by one rename."""
