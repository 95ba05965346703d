"""Words and values as feeds write them, brought to one form: prices, stock, genders, colours."""
