"""The demonstration city (示范城市): a fictional district whose people, items and weeks of history are made by the
system's own functions, from a seed. Nothing here is real: not the district, not the people, not their numbers."""
