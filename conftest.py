"""What every test session loads, wherever in the tree it starts."""

pytest_plugins = ["tests.hypothesis_profiles"]
