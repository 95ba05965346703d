"""Contact sheets: seeds with their results as pictures, because people choose models by eye."""
