"""The parts of a screen. They show values and post messages; they decide nothing and know no screen."""
