"""A build as data: state, plans and effects of each instruction."""
