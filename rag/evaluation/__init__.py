"""Golden questions, and what an answer to them is worth."""
