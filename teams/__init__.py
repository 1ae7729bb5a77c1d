"""Teams: systems that write candidates, and evaluators that compare them."""
