"""What happened to a group's members, rolled up: from checked tables to the figures that a contract asks for."""
