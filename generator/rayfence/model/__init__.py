"""Values that everything else is made of: the config, quantities, field paths, outcomes, and kinds of objects."""
